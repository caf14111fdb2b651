/** Whether what lies in dist/ was built from the sources as they are. A build leaves their hashes beside what it made. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STAMP = 'dist/built.json';

/** The two parts of a build: what each is made from, and one of the files that it makes. */
const PARTS = {
  wasm: {
    from: ['assembly', 'asconfig.json', 'src/ops/limits.ts', 'src/search/limits.ts', 'scripts/union.mjs'],
    made: 'dist/wasm/inline.js',
  },
  js: { from: ['src', 'tsconfig.json', 'package.json'], made: 'dist/index.js' },
};
const SHARED = ['scripts/build.mjs', 'scripts/binaries.mjs', 'package-lock.json'];

/** A file, or those in a folder without the tests of kernels. */
function filesOf(root, name) {
  if (!statSync(join(root, name)).isDirectory()) return [name];
  const inside = readdirSync(join(root, name), { recursive: true, encoding: 'utf8' }).sort();
  return inside.filter((path) => /\.\w+$/.test(path) && !path.includes('__tests__')).map((path) => join(name, path));
}

function hashOf(root, part) {
  const hash = createHash('sha256');
  for (const path of [...PARTS[part].from, ...SHARED].flatMap((name) => filesOf(root, name))) {
    const bytes = readFileSync(join(root, path));
    hash.update(`${path} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex');
}

function stampOf(root) {
  try {
    return JSON.parse(readFileSync(join(root, STAMP), 'utf8'));
  } catch {
    return {};
  }
}

/** The parts that were not built from these sources, or not to the end. */
export function staleParts(root = ROOT) {
  const stamp = stampOf(root);
  return Object.keys(PARTS).filter((part) => !existsSync(join(root, PARTS[part].made)) || stamp[part] !== hashOf(root, part));
}

/** Says that parts are under way; answers what says that they are done. */
export function beginParts(parts, root = ROOT) {
  const hashes = parts.map((part) => [part, hashOf(root, part)]);
  const others = Object.fromEntries(Object.entries(stampOf(root)).filter(([part]) => !parts.includes(part)));
  const write = (stamp) => writeFileSync(join(root, STAMP), JSON.stringify(stamp));
  write(others);
  return () => write({ ...others, ...Object.fromEntries(hashes) });
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Does `act` while nobody else builds here. What a process left that is gone bars nobody. */
function alone(root, act) {
  const lock = join(root, 'build/building');
  mkdirSync(join(root, 'build'), { recursive: true });
  for (let own = false; !own; ) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      own = true;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (existsSync(lock) && !isRunning(Number(readFileSync(lock, 'utf8')))) rmSync(lock, { force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
  try {
    act();
  } finally {
    rmSync(lock, { force: true });
  }
}

function build(root) {
  const stale = staleParts(root);
  if (stale.length === 0) return;
  console.log(`dist/ was not built from these sources (${stale.join(', ')}): building`);
  const flags = stale.length === 1 ? [`--${stale[0]}`] : [];
  const { status } = spawnSync(process.execPath, ['scripts/build.mjs', ...flags], { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('dist/ is not what these sources say, and cannot be built from them: see above');
}

/** Builds what is stale. */
export function buildStale(root = ROOT) {
  if (staleParts(root).length > 0) alone(root, () => build(root));
}
