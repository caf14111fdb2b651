import { SMOOTH } from '../formats/trace.ts';
import { constantOf } from '../program/prove.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Instance } from './instance.ts';

/** What multiplies the columns of a product, for each weight of it by name: several weights may be multiplied as one. */
export function smoothOf({ program, constants, proved }: Instance): Map<string, { held: string; tensor: Tensor }> {
  const partsOf = (value: number): string[] => {
    const constant = constantOf(program.values, value);
    return constant === undefined ? [] : program.constants[constant].parts;
  };
  const found = new Map<string, { held: string; tensor: Tensor }>();
  for (const { operands } of proved.instructions) {
    const { weight, smooth } = operands;
    if (typeof weight !== 'number' || typeof smooth !== 'number') continue;
    const [held] = partsOf(smooth);
    if (held === undefined) continue;
    const { tensor } = constants.part(held);
    for (const part of partsOf(weight)) found.set(part + SMOOTH, { held, tensor });
  }
  return found;
}
