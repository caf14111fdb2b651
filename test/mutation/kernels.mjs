/**
 * Small faults in the kernels, one at a time, to see whether the tests notice. `npm run mutate:kernels -- --count 80 --seed 2 --file tile`
 * compiles each into a folder of its own, points the tests at it, and prints what survived. A fault that leaves the binaries as they are,
 * or does not compile, is not counted.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { BINARIES, compilerArguments } from '../../scripts/binaries.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FLAGS = process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : [];

/** Longer than tests of sound kernels take by far: what runs on is a loop without an end, and noticed. */
const LIMIT_MS = 120_000;

/** These decide how fast an answer comes and not what it is, so tests that never time cannot tell. */
const UNTESTED = ['lib/ahead.ts', 'peak.ts', 'lowering.ts'];

/** Tests by the folder that a fault is in, quickest first. */
const TESTS = {
  kernels: ['ops/ops', 'ops/contracts', 'kernels/integers', 'ops/splits', 'nn/engine', 'quantize/quantize', 'quantize/calibration'].map(
    (name) => `test/${name}.test.ts`,
  ),
  team: ['runtime/team', 'runtime/threads'].map((name) => `test/${name}.test.ts`),
};

/**
 * What a match becomes.
 *
 * @type {[RegExp, string | ((text: string) => string)][]}
 */
const SWAPS = [
  [/ \+ (?=[\w(<])/g, ' - '],
  [/ - (?=[\w(<])/g, ' + '],
  [/ < (?=[\w(])/g, ' <= '],
  [/ <= /g, ' < '],
  [/ > (?=[\w(])/g, ' >= '],
  [/ >= /g, ' > '],
  [/ == /g, ' != '],
  [/ != /g, ' == '],
  [/ && /g, ' || '],
  [/ \|\| /g, ' && '],
  [/ \+= /g, ' -= '],
  [/\btrue\b/g, 'false'],
  [/\bfalse\b/g, 'true'],
  [/\b(p|h)?(min|max)(?=[(<_])/g, (text) => (text.includes('min') ? text.replace('min', 'max') : text.replace('max', 'min'))],
  [/(?<=x\d+\.)add\(/g, 'sub('],
  [/(?<=x\d+\.)sub\(/g, 'add('],
  [/(?<=f32x4\.)mul\(/g, 'add('],
  [/_low_|_high_/g, (text) => (text === '_low_' ? '_high_' : '_low_')],
  [/_s\(|_u\(/g, (text) => (text === '_s(' ? '_u(' : '_s(')],
  [/(?<![\w.$])\d+(?![\w.]|\()/g, (text) => `${Number(text) + 1}`],
  [/(?<![\w.$])[1-9]\d*(?![\w.]|\()/g, (text) => `${Number(text) - 1}`],
  [/\b(break|continue|unreachable\(\));/g, ';'],
  [/(?<=^ *)[\w.]+(<\w+>)?\([^;]*\);$/gm, ';'],
  [/(?<=^ *)[\w.]+ [+-]?= [^;]*;$/gm, ';'],
];

const { values } = parseArgs({
  options: { count: { type: 'string', default: '40' }, seed: { type: 'string', default: '1' }, file: { type: 'string', default: '' } },
});

/** Text with everything but code blanked, at the same places. */
const codeOf = (text) =>
  text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*|'[^']*'|^import .*|^export const enum[\s\S]*?^}/gm, (gone) => gone.replaceAll(/[^\n]/g, ' '));

function sources() {
  const names = readdirSync(`${root}assembly`, { recursive: true, encoding: 'utf8' }).map((name) => name.replaceAll('\\', '/'));
  return names.filter((name) => name.endsWith('.ts') && !name.startsWith('__tests__') && !UNTESTED.includes(name)).sort();
}

/** Every fault of a file: where, and what stands there instead. */
function faultsOf(name) {
  const text = readFileSync(`${root}assembly/${name}`, 'utf8');
  const code = codeOf(text);
  return SWAPS.flatMap(([pattern, swap]) =>
    [...code.matchAll(pattern)].map(({ 0: old, index }) => {
      const now = typeof swap === 'string' ? swap : swap(old);
      const line = text.slice(0, index).split('\n').length;
      return { name, line, text: text.slice(0, index) + now + text.slice(index + old.length) };
    }),
  );
}

/** Items in an order that follows from the seed. */
function shuffled(items, seed) {
  let state = seed >>> 0;
  const order = items.map((item) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return { item, key: Math.imul(state ^ (state >>> 13), 0x297a2d39) >>> 0 };
  });
  return order.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

/** Process groups under way. */
const groups = new Set();

function endAll() {
  for (const pid of groups) process.kill(-pid, 'SIGKILL');
}

/** Whether a script of node_modules ends well, in time. */
function passes(cwd, env, script, ...args) {
  const child = spawn(process.execPath, [...FLAGS, join('node_modules', script), ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: 'ignore',
    detached: true,
  });
  const { pid } = child;
  groups.add(pid);
  const timer = setTimeout(() => process.kill(-pid, 'SIGKILL'), LIMIT_MS);
  return new Promise((resolve) => {
    child.on('exit', (code) => {
      clearTimeout(timer);
      groups.delete(pid);
      resolve(code === 0);
    });
  });
}

/** A copy of what compilers and tests of the kernels read. */
function workshop() {
  const folder = mkdtempSync(join(tmpdir(), 'kernels-'));
  for (const name of [
    'assembly',
    'asconfig.json',
    'as-pect.config.js',
    'as-pect.asconfig.json',
    'as-pect.relaxed.asconfig.json',
    'package.json',
  ])
    cpSync(`${root}${name}`, join(folder, name), { recursive: true });
  mkdirSync(join(folder, 'src/ops'), { recursive: true });
  cpSync(`${root}src/ops/limits.ts`, join(folder, 'src/ops/limits.ts'));
  symlinkSync(`${root}node_modules`, join(folder, 'node_modules'));
  mkdirSync(join(folder, 'dist/wasm'), { recursive: true });
  return folder;
}

async function compiles(folder, binaries = BINARIES) {
  const built = binaries.map((binary) => passes(folder, {}, 'assemblyscript/bin/asc.js', ...compilerArguments(binary, folder)));
  return (await Promise.all(built)).every(Boolean);
}

/** The binaries as text that can be compared. */
const binariesOf = (folder) => BINARIES.map(({ name }) => readFileSync(join(folder, `dist/wasm/${name}.wasm`), 'base64')).join();

/** Whether test files pass on the folder's kernels. */
const vitest = (folder, ...args) =>
  passes(root, { TRACELET_KERNELS: join(folder, 'dist/wasm') }, 'vitest/vitest.mjs', 'run', '--bail=1', '--testTimeout=30000', ...args);

/** Whether all tests pass on the folder's kernels. */
async function unnoticed(folder, name) {
  for (const test of name.startsWith('team/') ? TESTS.team : TESTS.kernels) if (!(await vitest(folder, test))) return false;
  for (const config of ['as-pect.asconfig.json', 'as-pect.relaxed.asconfig.json'])
    if (!(await passes(folder, {}, '@as-pect/cli/lib/test.js', '-a', config))) return false;
  return true;
}

/** Whether what compiles in no time, the debug binaries, gives a fault away. */
async function isPlain(folder, name) {
  if (name.startsWith('team/')) return false;
  const debug = BINARIES.filter(({ target }) => target === 'debug');
  return (await compiles(folder, debug)) && !(await vitest(folder, ...TESTS.kernels.slice(0, 2), '--testNamePattern=debug'));
}

/** What became of a fault: `killed`, `survived`, or nothing where it does not count. */
async function fate(folder, fault, sound) {
  const at = join(folder, 'assembly', fault.name);
  const before = readFileSync(at, 'utf8');
  writeFileSync(at, fault.text);
  try {
    if (await isPlain(folder, fault.name)) return 'killed';
    if (!(await compiles(folder)) || binariesOf(folder) === sound) return undefined;
    return (await unnoticed(folder, fault.name)) ? 'survived' : 'killed';
  } finally {
    writeFileSync(at, before);
    cpSync(join(folder, 'sound'), join(folder, 'dist/wasm'), { recursive: true });
  }
}

/** The line that a fault changes, before and after. */
function diffOf({ name, line, text }) {
  const [before, after] = [readFileSync(`${root}assembly/${name}`, 'utf8'), text].map((whole) => whole.split('\n')[line - 1].trim());
  return `assembly/${name}:${line}\n  - ${before}\n  + ${after}`;
}

async function main() {
  const folder = workshop();
  process.once('SIGINT', () => {
    endAll();
    rmSync(folder, { recursive: true });
    process.exit(130);
  });
  try {
    if (!(await compiles(folder))) throw new Error('the kernels do not compile as they are');
    cpSync(join(folder, 'dist/wasm'), join(folder, 'sound'), { recursive: true });
    const sound = binariesOf(folder);
    console.log(`${cpus().length} processors; tests of the kernels as they are`);
    for (const name of ['linear.ts', 'team/barrier.ts'])
      if (!(await unnoticed(folder, name))) throw new Error(`tests fail on the kernels as they are (${name})`);
    const faults = shuffled(
      sources()
        .filter((name) => name.includes(values.file))
        .flatMap(faultsOf),
      Number(values.seed),
    );
    const counts = { killed: 0, survived: 0 };
    const survivors = [];
    for (const fault of faults) {
      if (counts.killed + counts.survived >= Number(values.count)) break;
      const what = await fate(folder, fault, sound);
      console.log(`${what ?? 'not counted'} ${diffOf(fault)}`);
      if (what) counts[what]++;
      if (what === 'survived') survivors.push(fault);
    }
    console.log(`\n${counts.killed} killed, ${counts.survived} survived, of ${faults.length} faults that could be made`);
    for (const each of survivors) console.log(diffOf(each));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

await main();
