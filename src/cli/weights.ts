import { SCALE, SMOOTH, STEPS, SUMS } from '../formats/trace.ts';
import { DTYPES } from '../tensor/dtype.ts';
import type { TracedModule } from '../traced/traced.ts';
import { whole } from './output.ts';

export interface WeightCount {
  tensors: number;
  parameters: number;
  bytes: number;
}

const BELONGINGS = [SCALE, STEPS, SUMS, SMOOTH];

/** Weights by dtype, int4 being two a byte. The bytes of an integer weight include its scales and the like; constants of the program do not count. */
export function countWeights({ instance }: TracedModule): Record<string, WeightCount> {
  const counts: Record<string, WeightCount> = {};
  const kinds = new Map<string, string>();
  const belongings: { name: string; bytes: number }[] = [];
  for (const { name, dtype, shape } of instance.constants.tensors()) {
    if (name.startsWith('constants.')) continue;
    const size = shape.reduce((product, dim) => product * dim, 1);
    const stored = size * DTYPES[dtype].bytes;
    if (BELONGINGS.some((suffix) => name.endsWith(suffix))) {
      belongings.push({ name, bytes: stored });
      continue;
    }
    const kind = dtype === 'uint8' ? 'int4' : dtype;
    kinds.set(name, kind);
    counts[kind] ??= { tensors: 0, parameters: 0, bytes: 0 };
    counts[kind].tensors++;
    counts[kind].parameters += kind === 'int4' ? 2 * size : size;
    counts[kind].bytes += stored;
  }
  for (const { name, bytes: more } of belongings) counts[kinds.get(name.slice(0, name.lastIndexOf('.'))) ?? 'float32'].bytes += more;
  return counts;
}

export const countParameters = (weights: Record<string, WeightCount>): number =>
  Object.values(weights).reduce((sum, { parameters }) => sum + parameters, 0);

/** The dtypes of a trace's weights, the one of most parameters first. */
export function describeWeights(traced: TracedModule): string {
  const weights = countWeights(traced);
  const all = countParameters(weights);
  const kinds = Object.entries(weights).toSorted(([, a], [, b]) => b.parameters - a.parameters);
  const [[most, { parameters }], ...others] = kinds;
  if (others.length === 0) return `${most} weights`;
  return `${most} weights (${((100 * parameters) / all).toFixed(1)} % of ${whole(all)}), the others ${others.map(([dtype]) => dtype).join(' and ')}`;
}
