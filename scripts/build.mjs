/** Compiles assembly/ to three wasm binaries and src/ to JavaScript, all under dist/. `--wasm` or `--js` does one of the two. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tool = (package_, bin) => [process.execPath, `${root}node_modules/${package_}/${bin}`];
const run = ([command, ...head], ...args) =>
  execFileSync(command, [...head, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });

const only = process.argv[2];
if (only !== '--js') {
  mkdirSync(`${root}dist/wasm`, { recursive: true });
  const kernels = readdirSync(`${root}assembly`)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `assembly/${name}`);
  for (const target of ['debug', 'baseline', 'relaxed']) run(tool('assemblyscript', 'bin/asc.js'), ...kernels, '--target', target);
  for (const target of ['baseline', 'relaxed']) {
    const file = `dist/wasm/${target}.wasm`;
    const features = ['simd', 'relaxed-simd', 'bulk-memory', 'nontrapping-float-to-int', 'sign-ext', 'mutable-globals'];
    run(
      tool('binaryen', 'bin/wasm-opt'),
      file,
      ...features.map((name) => `--enable-${name}`),
      '-O3',
      '--strip-debug',
      '--strip-producers',
      '-o',
      file,
    );
  }
}
if (only !== '--wasm') run(tool('typescript', 'bin/tsc'), '-p', 'tsconfig.json');
