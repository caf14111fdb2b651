import { expect, test } from 'vitest';
import { jit, ones, type Tensor } from '../../src/index.ts';
import { kindOf } from '../../src/ops/kinds.ts';
import { wordsOf } from '../../src/ops/op.ts';
import { opOf } from '../../src/ops/table.ts';
import { altered, type Loose, type Parts } from '../support/malformed_trace.ts';
import { fileOf, tinyBert } from '../support/tiny.ts';

const inputsAt = (batch: number, sequence: number): Record<string, Tensor> => ({
  input_ids: ones([batch, sequence], { dtype: 'int32' }),
  attention_mask: ones([batch, sequence], { dtype: 'int32' }),
});

const MOVED = 64;

/** Everything in the arena a little farther on; behind the last of it there was room for as much. */
function moved({ program, code }: Parts): void {
  for (const { place } of program.values) if ('arena' in place) place.arena += MOVED;
  for (let at = 0; at < code.length; ) {
    const words = wordsOf(opOf(program.ops[code[at]]));
    words.forEach(([, kind], i) => {
      if (kindOf(kind) === kindOf('scratch')) code[at + 1 + i] += MOVED;
    });
    at += 1 + words.length;
  }
  program.arena += MOVED;
}

test('a strict trace lies as its file says, and so do calls of fewer tokens', async () => {
  const file = await fileOf(await jit.trace(tinyBert(), inputsAt(2, 5)));
  let places: (number | undefined)[] = [];
  const other = altered(file, (parts) => {
    moved(parts);
    places = parts.program.values.map(({ place }: Loose) => place.arena);
  });
  const loaded = await jit.load(other);
  const { program } = loaded.instance;
  expect(loaded.instance.specialisation.offsets).toEqual(places);
  expect(loaded.instance.specialisation.arena).toBe(program.arena);
  const few = inputsAt(2, 5);
  (few.attention_mask.data as Int32Array).fill(0, 3, 5);
  loaded(few);
  expect(loaded.instance.specialisation.offsets).toEqual(places);
});

test('a dynamic trace takes as much memory at any sizes as a trace that was made there', async () => {
  const dynamic = await jit.trace(tinyBert(), inputsAt(2, 5), { dynamic: { batch: [1, 4], sequence: [1, 12] } });
  for (const [batch, sequence] of [
    [1, 1],
    [3, 7],
    [4, 12],
  ]) {
    // biome-ignore format: one row
    const strict = await jit.trace(tinyBert(), inputsAt(batch, sequence));
    dynamic(inputsAt(batch, sequence));
    expect(dynamic.instance.specialisation.arena, `${batch} x ${sequence}`).toBe(strict.instance.program.arena);
  }
});
