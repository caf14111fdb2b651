/** Compiles assembly/ to wasm binaries and src/ to JavaScript bundles with types, all under dist/. `--wasm` or `--js` does one of the two. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import { rolldown } from 'rolldown';
import { BINARIES, compilerArguments, SETS } from './binaries.mjs';
import { beginParts } from './fresh.mjs';
import { writeUnion } from './union.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Engines put optimised code in place of the first between two calls of a function, so hot loops must not be inlined into
 * callers that run for long, however few these are.
 */
const APART = ['--one-caller-inline-max-function-size', '200'];

/** Runs a script of a package in node_modules, rejecting if it fails. */
function run(script, ...args) {
  const child = spawn(process.execPath, [`node_modules/${script}`, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve(undefined) : reject(new Error(`${script} ${args.join(' ')}: exit code ${code}`))));
  });
}

async function buildBinary(binary) {
  await run('assemblyscript/bin/asc.js', ...compilerArguments(binary, root));
  if (!binary.flags) return;
  const file = `dist/wasm/${binary.name}.wasm`;
  await run('binaryen/bin/wasm-opt', file, ...binary.flags, '-O3', ...APART, '--strip-debug', '--strip-producers', '-o', file);
}

/** What the binaries of a set are called, or those of the ops that are always there. */
const within = (set, name) => (set ? `${set}.${name}` : name);

/** The kernels of both variants in one binary, for uploads, which need both. */
function buildUnion(set) {
  const [first, file, out] = ['relaxed', 'baseline', 'union'].map((name) => `${root}dist/wasm/${within(set, name)}.wasm`);
  const { flags = [] } = BINARIES.find(({ name }) => name === within(set, 'relaxed')) ?? {};
  writeUnion({ first, second: { name: 'baseline', file }, out, flags });
}

/** The optimised binaries once more, in base64, as scripts for places that have no file beside them. */
function writeScripts() {
  const optimised = BINARIES.filter(({ flags }) => flags);
  for (const script of new Set(optimised.map((binary) => binary.script))) {
    const own = optimised.filter((binary) => binary.script === script);
    const base64 = Object.fromEntries(own.map(({ name }) => [name, readFileSync(`${root}dist/wasm/${name}.wasm`, 'base64')]));
    writeFileSync(`${root}dist/wasm/${script}.js`, `export const BINARIES = ${JSON.stringify(base64)};\n`);
  }
}

/** The kernels of a set as modules for uploads. */
function writeUploaded(set) {
  const kernels = ['baseline', 'relaxed'].map((variant) => `'${within(set, variant)}': kernels`);
  writeFileSync(
    `${root}dist/wasm/${within(set, 'uploaded')}.js`,
    `import kernels from './${within(set, 'union')}.wasm';\nexport const BINARIES = { ${kernels.join(', ')} };\n`,
  );
}

/** Scripts under dist/ that are imported by name; the benches draw the weights of their models from `random`. */
const ENTRIES = [
  'batch/index',
  'hub',
  'index',
  'inline',
  'jit/index',
  'kernels/sets/index',
  'kernels/sets/late',
  'methods',
  'nn/functional',
  'nn/index',
  'quantize/index',
  'serve/index',
  'adapters/aisdk',
  'adapters/langchain',
  'adapters/workersai',
  'tokenizer/all',
  'tokenizer/index',
  'tokenizer/late',
  'cli/main',
  'base/random',
];

/** What bundles leave as it is: binaries and the scripts that hold them, whatever the folders above are called. */
const EXTERNAL = [
  /^#/,
  /^node:/,
  /^\.\.?\/(?:[\w.]+\/)*wasm\//,
  'commander',
  'srvx',
  'bullmq',
  'hyparquet',
  'hyparquet-compressors',
  'hyparquet-writer',
  'aws4fetch',
  'pg',
];

/** Folders whose modules lie in one file, as far as the main entry point loads them when it starts, and what traces need later in another: a file a storey compresses worse. */
const GROUPS = [
  { name: 'base', later: 'sources', folders: ['base', 'tensor', 'platform', 'sources', 'formats'] },
  { name: 'tokenizer', later: 'tokenizer-files', folders: ['tokenizer'] },
  {
    name: 'runtime',
    later: 'traces',
    folders: ['ops', 'kernels', 'graph', 'nn', 'program', 'sentence', 'text', 'runtime', 'inspect', 'traced', 'jit'],
  },
  { name: 'models', later: 'models-later', folders: ['models'] },
];

/** Modules that know all families. */
const ALL_FAMILIES = /\/dist\/models\/(classes|index|registry)\.js$/;

/**
 * Files of their own: what acts when it is loaded, a family each, and what loads families when it is asked for one. Bundlers leave out the files of
 * which nothing is used, but not a class whose making they cannot see through.
 */
const OWN_FILES = [
  { name: 'tokenizer-late', test: /\/dist\/tokenizer\/late\.js$/, priority: 40 },
  { name: 'tokenizer-known', test: /\/dist\/tokenizer\/known\.js$/, priority: 40 },
  { name: 'ops-all', test: /\/dist\/kernels\/sets\/index\.js$/, priority: 40 },
  { name: 'ops-late', test: /\/dist\/kernels\/sets\/late\.js$/, priority: 40 },
  { name: 'auto', test: /\/dist\/models\/(auto|sentence\/(?:chain|embedder|known|parts))\.js$/, priority: 30 },
  {
    debugName: 'family',
    name: (id) => /models\/([\w-]+)\//.exec(id)?.[1],
    test: /\/dist\/models\/(?!sentence)[\w-]+\/(?!index)\w+\.js$/,
    priority: 20,
  },
];

/** Modules that `name` loads when it starts, by path, without those that only `left` loads. */
function closureOf(name, left = /^$/) {
  const found = new Set([join(root, `dist/${name}.js`)]);
  for (const file of found)
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/^(?:import|export)\s(?:[^;'"]*\sfrom\s)?['"](\.[^'"]+\.js)['"]/gm))
      if (!path.includes('/wasm/') && !left.test(join(dirname(file), path))) found.add(join(dirname(file), path));
  return found;
}

/** Modules that load others when they are asked to: esbuild, where it makes one file, wraps whatever those others import. */
const LATE = /[\\/]late\.js$/;

/** What loading a trace needs lies apart from what the main entry point needs besides: bundles of traces leave out whole files. */
function groups() {
  const [all, starting, loading] = [closureOf('index'), closureOf('index', ALL_FAMILIES), closureOf('jit/files')];
  for (const name of ENTRIES) for (const found of [all, starting, loading]) found.delete(join(root, `dist/${name}.js`));
  const folderOf = (id) => relative(join(root, 'dist'), id).split(sep)[0];
  const storeys = GROUPS.flatMap(({ name, folders }, i) =>
    [true, false].map((loads) => ({
      name: loads ? name : `${name}-more`,
      priority: 2 * (GROUPS.length - i) + Number(loads),
      test: (id) => starting.has(id) && loading.has(id) === loads && folders.includes(folderOf(id)) && !LATE.test(id),
    })),
  );
  const rest = (id) => all.has(id) && !starting.has(id);
  const later = GROUPS.map(({ later: name, folders }) => ({
    name,
    priority: 1,
    test: (id) => loading.has(id) && !all.has(id) && folders.includes(folderOf(id)) && !LATE.test(id),
  }));
  const sets = SETS.map((set) => {
    const own = closureOf(`kernels/sets/${set}`, ALL_FAMILIES);
    return { name: `ops-${set}`, priority: 35, test: (id) => own.has(id) && !starting.has(id) };
  });
  const families = [
    { name: 'families', priority: 0, test: (id) => rest(id) && ALL_FAMILIES.test(id) },
    { name: 'heads', priority: 0, test: (id) => rest(id) && !ALL_FAMILIES.test(id) },
  ];
  return [...OWN_FILES, ...sets, ...families, ...later, ...storeys];
}

/** Nothing here acts when it is loaded, but for what package.json lists: bundlers may leave out a constant that nothing uses, whatever makes it. */
const withMarks = (code) => code.replaceAll(/^(const \w+ = )((?:new )?\w+\()/gm, '$1/* @__PURE__ */ $2');

/** Puts the compiled modules together: few files load several times faster than many. */
async function bundle() {
  const { imports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  const chosen = [...JSON.stringify(imports).matchAll(/dist\/((?!wasm\/).*?)\.js/g)].map(([, name]) => name);
  const input = Object.fromEntries([...ENTRIES, ...chosen].map((name) => [name, `${root}dist/${name}.js`]));
  const bundled = await rolldown({ input, platform: 'neutral', external: EXTERNAL, preserveEntrySignatures: 'allow-extension' });
  const { output } = await bundled.generate({
    chunkFileNames: 'chunks/[name].js',
    codeSplitting: { groups: groups(), includeDependenciesRecursively: false },
  });
  await bundled.close();
  const compiled = readdirSync(`${root}dist`, { recursive: true, encoding: 'utf8' });
  for (const name of compiled) if (name.endsWith('.js') && !name.startsWith('wasm')) rmSync(join(root, 'dist', name));
  mkdirSync(`${root}dist/chunks`, { recursive: true });
  const chunks = output.filter((file) => file.type === 'chunk');
  for (const { fileName, code } of chunks) writeFileSync(join(root, 'dist', fileName), withMarks(code));
  checkEffects(chunks);
}

/** What imports a module for its effects alone has to be known for effects itself, or bundlers leave both out. */
function checkEffects(chunks) {
  const { sideEffects } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  const hasEffects = (fileName) => sideEffects.includes(`./dist/${fileName}`);
  for (const { fileName, code } of chunks)
    for (const [, path] of code.matchAll(/^import "([.#][^"]+)";$/gm))
      if ((path.startsWith('#') || hasEffects(join(dirname(fileName), path))) && !hasEffects(fileName))
        throw new Error(`dist/${fileName} imports ${path} for its effects: add it to sideEffects in package.json`);
}

/** Declarations name their modules as sources do, which TypeScript before 5.0 does not take, and conditions that have no types. */
function nameDeclarations() {
  for (const name of readdirSync(`${root}dist`, { recursive: true, encoding: 'utf8' }).filter((each) => each.endsWith('.d.ts'))) {
    const file = join(root, 'dist', name);
    const text = readFileSync(file, 'utf8').replaceAll(/^import ['"]#.*\n/gm, '');
    writeFileSync(file, text.replaceAll(/(['"])(\.[^'"]*)\.ts\1/g, '$1$2.js$1'));
  }
}

/** What an earlier build left of modules that are gone would be packed with the rest. */
function clean() {
  for (const name of readdirSync(`${root}dist`))
    if (!['wasm', 'built.json'].includes(name)) rmSync(join(root, 'dist', name), { recursive: true });
}

/** The scripts of workers, and the module under dist/wasm/ that has the text of each for places that have no files. */
const WORKERS = { 'runtime/threads/worker': 'worker', 'traced/pool/worker': 'pool' };

/** The script of workers by itself: it gets its kernels in a message, and never begins a team. */
async function bundleWorker(name) {
  const [given, beside, none] = ['platform/given', 'platform/beside', 'runtime/threads/none'].map((path) => `${root}dist/${path}.js`);
  const bundled = await rolldown({
    input: `${root}dist/${name}.js`,
    platform: 'neutral',
    external: [/^node:/],
    resolve: { alias: { '#platform': given, '#team': none, ...Object.fromEntries(SETS.map((set) => [`#kernels/${set}`, beside])) } },
  });
  const { output } = await bundled.generate({ minify: true });
  await bundled.close();
  return output[0].code;
}

function writeWorker(name, code) {
  mkdirSync(dirname(`${root}dist/${name}`), { recursive: true });
  writeFileSync(`${root}dist/${name}.js`, code);
  writeFileSync(`${root}dist/wasm/${WORKERS[name]}.js`, `export const WORKER = ${JSON.stringify(code)};\n`);
}

async function buildScripts() {
  clean();
  await run('typescript/bin/tsc', '-p', 'tsconfig.json');
  nameDeclarations();
  const workers = await Promise.all(Object.keys(WORKERS).map(async (name) => ({ name, code: await bundleWorker(name) })));
  await bundle();
  for (const { name, code } of workers) writeWorker(name, code);
}

const parts = ['wasm', 'js'].filter((part) => [undefined, `--${part}`].includes(process.argv[2]));
mkdirSync(`${root}dist/wasm`, { recursive: true });
const done = beginParts(parts);
const binaries = parts.includes('wasm') ? BINARIES.map(buildBinary) : [];
await Promise.all([...binaries, ...(parts.includes('js') ? [buildScripts()] : [])]);
if (parts.includes('wasm')) {
  writeScripts();
  for (const set of [undefined, ...SETS]) {
    writeUploaded(set);
    buildUnion(set);
  }
}
done();
