import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { ARCHITECTURES } from '../../src/models/index.ts';
import { platform } from '../../src/platform/node.ts';
import type { Variant } from '../../src/platform/platform.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

export const fixture = (path: string): string => fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url));

/** The variants of the kernels that this engine runs. */
export const VARIANTS: Variant[] = (['baseline', 'relaxed'] as const).filter((variant) => platform.kernelModule(variant));

export interface GoldenCall {
  inputs: Record<string, Tensor>;
  outputs: Record<string, Tensor>;
  /** A vector of each text, scaled to length 1. */
  embedding?: Tensor;
  /** Whether values at positions that the mask rules out mean nothing, as no key may be seen from them. */
  masked: boolean;
}

export interface GoldenCase {
  name: string;
  directory: string;
  architecture: string;
  /** How vectors of texts are made of those of tokens, where there are any. */
  pooling: 'lasttoken' | 'mean' | undefined;
  calls: GoldenCall[];
}

const under = (tensors: ReadonlyMap<string, Tensor>, prefix: string): Record<string, Tensor> =>
  Object.fromEntries([...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, tensor]) => [name.slice(prefix.length), tensor]));

const isKnown = (directory: string): boolean =>
  Object.hasOwn(ARCHITECTURES, JSON.parse(readFileSync(`${directory}/golden.json`, 'utf8')).architecture);

/** What golden.json says. */
interface Said {
  architecture: string;
  embedding?: string;
  calls: { undefined?: string }[];
}

/** Checkpoints with the inputs and outputs that PyTorch gave for them; those of classes that are known in a folder that the environment names, too. */
export function goldenCases(): GoldenCase[] {
  const { TRACELET_ZOO: more } = process.env;
  const directories = readdirSync(fixture('zoo')).map((name) => fixture(`zoo/${name}`));
  if (more) directories.push(...readdirSync(more).flatMap((name) => (isKnown(`${more}/${name}`) ? [`${more}/${name}`] : [])));
  return directories.map((directory) => {
    const name = directory.slice(directory.lastIndexOf('/') + 1);
    const { tensors } = readSafetensors(new Uint8Array(readFileSync(`${directory}/golden.safetensors`)), name);
    const said = JSON.parse(readFileSync(`${directory}/golden.json`, 'utf8')) as Said;
    return {
      name,
      directory,
      architecture: said.architecture,
      pooling: said.embedding === undefined ? undefined : said.embedding.startsWith('last') ? 'lasttoken' : 'mean',
      calls: said.calls.map((call, i) => {
        const { embedding, ...outputs } = under(tensors, `${i}.out.`);
        return { inputs: under(tensors, `${i}.in.`), outputs, embedding, masked: call.undefined === 'masked positions' };
      }),
    };
  });
}

/** Fails naming the worst element unless |got - want| <= tolerance + tolerance · |want| everywhere. */
export function expectClose(got: Tensor, want: Tensor, tolerance: number, what: string): void {
  expect(got.shape, `${what}: shape`).toEqual(want.shape);
  let worst = { excess: 0, at: -1 };
  for (let i = 0; i < want.size; i++) {
    const [a, b] = [Number(got.data[i]), Number(want.data[i])];
    const excess = Math.abs(a - b) / (tolerance + tolerance * Math.abs(b));
    if (!(excess <= worst.excess)) worst = { excess, at: i };
  }
  expect(
    worst.excess,
    `${what}[${worst.at}]: ${got.data[worst.at]} against ${want.data[worst.at]}, as a share of the tolerance`,
  ).toBeLessThanOrEqual(1);
}
