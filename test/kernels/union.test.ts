import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { SETS, type SetName } from '../../src/ops/sets.ts';
import { quantize } from '../../src/quantize/index.ts';
import { ids, mask, tracedBert } from '../support/quantized.ts';
import { fileOf } from '../support/tiny.ts';

const moduleOf = (name: string) =>
  new WebAssembly.Module(readFileSync(new URL(`../../dist/wasm/${name}.wasm`, import.meta.url)) as unknown as ArrayBuffer);

const VARIANTS = ['baseline', 'relaxed'] as const;

const trace = await tracedBert();
const quantized = async (bits: 4 | 8) => fileOf((await quantize(trace, { bits })).traced);
/** Made before modules are reset: what loads later would be another library's. */
const FILES = { float32: await fileOf(trace), '8 bits': await quantized(8), '4 bits': await quantized(4) };

/** What a library that is given these kernels answers for a trace, on each variant and each form of integers. */
async function answers(file: Uint8Array, kernels: Record<(typeof VARIANTS)[number], string>) {
  vi.resetModules();
  const { jit, tensor, useKernels } = await import('../../src/index.ts');
  useKernels({ baseline: moduleOf(kernels.baseline), relaxed: moduleOf(kernels.relaxed) });
  const inputs = { input_ids: tensor([[...ids.data].map(Number)]), attention_mask: tensor([[...mask.data].map(Number)]) };
  const found = [];
  for (const variant of VARIANTS) {
    const traced = await jit.load(file, { kernels: variant });
    found.push([variant, ...Object.values(traced(inputs)).map(({ data }) => data)]);
  }
  return found;
}

describe('the binary that holds the kernels of both variants', () => {
  test.each([undefined, ...(Object.keys(SETS) as SetName[])])('has each function of both, on one memory: set %s', (set) => {
    const within = (name: string) => (set ? `${set}.${name}` : name);
    const namesIn = (name: string) =>
      WebAssembly.Module.exports(moduleOf(name)).flatMap(({ name: each, kind }) => (kind === 'function' ? [each] : []));
    const wanted = [...namesIn(within('relaxed')), ...namesIn(within('baseline')).map((name) => `baseline.${name}`)];
    expect(namesIn(within('union')).sort()).toEqual(wanted.sort());
    expect(WebAssembly.Module.imports(moduleOf(within('union')))).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
  });

  test.each(Object.entries(FILES))('gives the bits of the two, %s', async (name, file) => {
    const alone = await answers(file, { baseline: 'baseline', relaxed: 'relaxed' });
    expect(await answers(file, { baseline: 'union', relaxed: 'union' })).toEqual(alone);
    if (name === 'float32') expect(alone[0].slice(1)).not.toEqual(alone[1].slice(1));
  });
});
