/** One binary that holds the kernels of two, each function that both have once: for uploads that need both. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BINARYEN = fileURLToPath(new URL('../node_modules/binaryen/bin/', import.meta.url));

/** Has both import one memory, which each would import by itself. */
const MEMORY = '(module (import "host" "memory" (memory 1)) (export "memory" (memory 0)))';

const GLOBAL = /\n \(global (\S+) (\(mut \w+\)) \(.*/g;

/** The globals of a module, and what it sets them to when it starts. */
function globalsOf(text) {
  const [start, name] = /\n \(start (\S+)\)/.exec(text);
  const [body] = text.slice(text.indexOf(`\n (func ${name}\n`)).split('\n )\n');
  return { start, globals: [...text.matchAll(GLOBAL)].map(([line]) => line).join(''), set: body.replace(name, '') };
}

/** The text of a module that lends its globals. */
const lending = (text) =>
  text.replace(/\n \(start /, `${[...text.matchAll(GLOBAL)].map(([, name]) => `\n (export "${name}" (global ${name}))`).join('')}$&`);

/** The text of a module that takes the globals of `first`, and its kernels under other names. */
function taking(text, first, name) {
  const { start, ...own } = globalsOf(text);
  const { start: _, ...others } = globalsOf(first);
  if (JSON.stringify(own) !== JSON.stringify(others)) throw new Error('the globals of the two binaries differ');
  return text
    .replace(start, '')
    .replaceAll('(export "', `(export "${name}.`)
    .replaceAll(GLOBAL, (_, global, type) => `\n (import "first" "${global}" (global ${global} ${type}))`);
}

const FUNCTION = /\n \(func .*?\n \)(?=\n)/gs;

/** The text of the module that came of both, with functions that are alike beside each other, where gzip sees it. */
function closed(text) {
  const functions = text.match(FUNCTION).sort((a, b) => b.length - a.length);
  return text
    .replace('(import "host"', '(import "env"')
    .replaceAll(/\n \(export "\$.*/g, '')
    .replaceAll(FUNCTION, () => functions.pop());
}

/**
 * Writes to `out` the kernels of `first` under their names, and those of `second` under its name, a dot and theirs.
 * @param {{ first: string, second: { name: string, file: string }, out: string, flags: string[] }} binaries
 */
export function writeUnion({ first, second, out, flags }) {
  const folder = mkdtempSync(join(tmpdir(), 'tracelet-union-'));
  const at = (/** @type {string} */ name) => join(folder, name);
  const run = (/** @type {string} */ tool, /** @type {string[]} */ ...args) =>
    execFileSync(process.execPath, [BINARYEN + tool, ...args, ...flags], { stdio: ['ignore', 'inherit', 'inherit'] });
  const write = (/** @type {string} */ name, /** @type {string} */ text) => writeFileSync(at(name), text);
  const textOf = (/** @type {string} */ file) => {
    run('wasm-dis', file, '-o', at('text.wat'));
    return readFileSync(at('text.wat'), 'utf8');
  };
  try {
    const [one, other] = [textOf(first), textOf(second.file)];
    write('memory.wat', MEMORY);
    write('first.wat', lending(one));
    write('second.wat', taking(other, one, second.name));
    const parts = ['memory', 'first', 'second'].flatMap((name) => [at(`${name}.wat`), name === 'memory' ? 'env' : name]);
    run('wasm-merge', ...parts, '--skip-export-conflicts', '-S', '-o', at('both.wat'));
    write('closed.wat', closed(readFileSync(at('both.wat'), 'utf8')));
    run('wasm-opt', at('closed.wat'), '--duplicate-function-elimination', '--generate-stack-ir', '--optimize-stack-ir', '-o', out);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
