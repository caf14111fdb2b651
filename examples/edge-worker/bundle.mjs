import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The worker as it would be uploaded: one script, and the wasm modules beside it that it imports. Answers the files. */
export async function bundle(outdir, entry = fileURLToPath(new URL('src/worker.js', import.meta.url))) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: 'esm',
    outdir,
    write: false,
    conditions: ['workerd', 'worker'],
    loader: { '.wasm': 'copy' },
    assetNames: '[name]',
  });
  return outputFiles;
}
