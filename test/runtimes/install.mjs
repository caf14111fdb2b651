/** The package as a user has it: packed, and unpacked into the node_modules of a folder of its own. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const HERE = fileURLToPath(new URL('.', import.meta.url));

/** Whether a runtime that is missing is a failure. */
export const required = process.env.TRACELET_RUNTIMES === 'all';

/** A file of the packages of this folder, if it is there. @param {string} path */
export function installed(path) {
  const file = join(HERE, 'node_modules', path);
  return existsSync(file) ? file : undefined;
}

/** Imports a package of this folder. @param {string} name */
export const tool = (name) => import(pathToFileURL(createRequire(`${HERE}x.js`).resolve(name)).href);

const MANIFEST = { type: 'module', dependencies: { tracelet: '*', '@tracelet/all-minilm-l6-v2': '*' } };
const { dependencies: DEPENDENCIES } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const SCRIPTS = [
  'suite.mjs',
  'truth.mjs',
  'tasks.mjs',
  'answers.mjs',
  'layers.mjs',
  'fingerprints.mjs',
  'context.mjs',
  'program.mjs',
  'page.mjs',
  'worker.mjs',
  'servingprogram.mjs',
  'servingworker.mjs',
  'testrunner.test.mjs',
];

function pack(folder) {
  const { npm_execpath: npm } = process.env;
  const [command, ...head] = npm ? [process.execPath, npm] : ['npm'];
  execFileSync(command, [...head, 'pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: ROOT, stdio: 'pipe' });
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.tgz')),
  );
}

/** The package, packed: once for all tests of a run, which has a folder for it. */
function packed(folder) {
  const { TRACELET_PACKED: place } = process.env;
  if (!place) return pack(folder);
  const tarball = join(place, 'tracelet.tgz');
  if (!existsSync(tarball)) renameSync(pack(mkdtempSync(join(place, 'packing-'))), tarball);
  return tarball;
}

/** Answers the folder and what removes it. */
export function installPackage() {
  const folder = mkdtempSync(join(tmpdir(), 'tracelet-runtimes-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    const tarball = packed(folder);
    const unpacked = join(folder, 'node_modules/tracelet');
    mkdirSync(unpacked, { recursive: true });
    execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', unpacked], { cwd: folder });
    for (const name of Object.keys(DEPENDENCIES))
      cpSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name), { recursive: true });
    cpSync(join(ROOT, 'models/all-MiniLM-L6-v2'), join(folder, 'node_modules/@tracelet/all-minilm-l6-v2'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify(MANIFEST));
    for (const name of SCRIPTS) cpSync(join(HERE, name), join(folder, name));
    return { folder, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** One script of everything that `entry` imports, as esbuild makes it. */
export async function bundle({ folder, entry, conditions = [], platform = 'browser', external = [] }) {
  const { build } = await tool('esbuild');
  const outfile = join(folder, `${entry}.bundle.js`);
  const result = await build({
    absWorkingDir: folder,
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    conditions,
    platform,
    external,
    outfile,
    logLevel: 'silent',
  });
  if (result.warnings.length > 0) throw new Error(JSON.stringify(result.warnings));
  return readFileSync(outfile);
}
