import { Aten } from '../../src/aten/aten.ts';
import type { Argument, AtenTensor } from '../../src/aten/values.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { whole } from './atenprograms.ts';

const SITE = { file: 'code/model.py', line: 3, path: '' };

/** Ops called by their names, of floats and whole numbers as inputs, and what comes of them. */
export function started() {
  const aten = new Aten();
  let count = 0;
  const floats = (shape: readonly number[], data: readonly number[]): AtenTensor =>
    aten.input(`x${count++}`, new Tensor('float32', shape, Float32Array.from(data)));
  const ids = (shape: readonly number[], data: readonly number[]): AtenTensor =>
    aten.input(`i${count++}`, whole([...shape], [...data]), 'int64');
  const call = (op: string, given: Argument[], named: [string, Argument][] = []): AtenTensor =>
    aten.call(op, given, new Map(named), SITE) as AtenTensor;
  const numbers = (value: AtenTensor): number[] => Array.from(aten.lower(value).data as Float32Array, Number);
  return { aten, floats, ids, call, numbers };
}
