/** The wasm binaries: which sources each is compiled from, and how. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const SIMD = ['simd', 'bulk-memory', 'nontrapping-float-to-int', 'sign-ext', 'mutable-globals'];

/** Features that wasm-opt may use, by target of asconfig.json; `debug` is left as it is compiled. */
const OPTIMISED = { baseline: SIMD, relaxed: [...SIMD, 'relaxed-simd'], team: [...SIMD, 'threads'], search: SIMD };

/** Sets of ops that only some models need, each with its kernels in a folder of assembly/. */
export const SETS = ['families', 'halves', 'general'];

/** Kernels in each of their forms. */
const VARIANTS = ['debug', 'baseline', 'relaxed'];

const flagsOf = (target) => OPTIMISED[target]?.map((name) => `--enable-${name}`);

const kernelsIn = (set) =>
  VARIANTS.map((target) => ({
    name: set ? `${set}.${target}` : target,
    set,
    target,
    folder: set ? `assembly/${set}/` : 'assembly/',
    script: set ? `${set}.inline` : 'inline',
    flags: flagsOf(target),
  }));

/**
 * @typedef {{ name: string, set?: string, target: string, folder: string, script: string, flags?: string[] }} BinarySources `set` is the one of its
 * ops; `flags` are those of wasm-opt, where it takes part, and `script` then has its bytes for places without files.
 */

/** Every binary. @type {BinarySources[]} */
export const BINARIES = [
  ...[undefined, ...SETS].flatMap(kernelsIn),
  { name: 'team', target: 'team', folder: 'assembly/team/', script: 'inline', flags: flagsOf('team') },
  { name: 'search', target: 'search', folder: 'assembly/search/', script: 'search', flags: flagsOf('search') },
];

/** Bytes of the first page of memory that each binary has for what it says when a contract is broken. */
const STATIC_BYTES = 8192;

/** What the compiler is told, with paths below `root`. @param {BinarySources} binary @param {string} root */
export function compilerArguments({ name, set, target, folder }, root) {
  const files = readdirSync(join(root, folder)).filter((file) => file.endsWith('.ts'));
  const base = set ? STATIC_BYTES * (1 + SETS.indexOf(set)) : 0;
  return [...files.map((file) => folder + file), '--target', target, '--outFile', `dist/wasm/${name}.wasm`, '--memoryBase', `${base}`];
}
