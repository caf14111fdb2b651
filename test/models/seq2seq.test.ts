import { describe, expect, test } from 'vitest';
import {
  BartConfig,
  BartForSequenceClassification,
  BartModel,
  jit,
  T5Config,
  T5ForConditionalGeneration,
  type Tensor,
  tensor,
} from '../../src/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { VARIANTS } from '../support/fixtures.ts';
import { altered } from '../support/malformed_trace.ts';
import { worst } from '../support/quantized.ts';
import { expectSameBits, fileOf, problem } from '../support/tiny.ts';

const WIDE = { torchscript: true, output_hidden_states: true, output_attentions: true };
const t5 = new T5ForConditionalGeneration(
  new T5Config({
    ...WIDE,
    vocab_size: 40,
    d_model: 16,
    d_kv: 6,
    d_ff: 24,
    num_layers: 2,
    num_heads: 3,
    relative_attention_max_distance: 20,
  }),
  { seed: 3 },
);
const BART = {
  vocab_size: 40,
  d_model: 16,
  max_position_embeddings: 12,
  encoder_layers: 2,
  encoder_ffn_dim: 24,
  decoder_layers: 2,
  decoder_ffn_dim: 20,
};
const bartConfig = new BartConfig({ ...WIDE, ...BART, encoder_attention_heads: 2, decoder_attention_heads: 4 });
const bart = new BartModel(bartConfig, { seed: 3 });

/** Ids of texts of given lengths, behind which is padding, and of as many for a decoder. */
function inputsOf(lengths: readonly number[], decoder: number, longest = Math.max(...lengths)): Record<string, Tensor> {
  const rows = <T>(count: number, of: (row: number, i: number) => T) =>
    tensor(lengths.map((_, row) => Array.from({ length: count }, (_, i) => of(row, i))) as never);
  return {
    input_ids: rows(longest, (row, i) => (i < lengths[row] ? 3 + ((7 * row + 5 * i) % 37) : 1)),
    attention_mask: rows(longest, (row, i) => Number(i < lengths[row])),
    decoder_input_ids: rows(decoder, (row, i) => 3 + ((11 * row + 3 * i) % 37)),
  };
}

const DYNAMIC = { batch: [1, 4], sequence: [1, 12], decoder_sequence: [1, 12] } as const;

describe.each([
  ['T5', t5],
  ['BART', bart],
] as const)('%s', (_, model) => {
  // biome-ignore format: one row
  test.each([[5, 3], [5, 5], [1, 1]])('traced with texts of %i tokens and %i of the decoder takes any lengths of both, padded or not', async (sequence, decoder) => { // biome-ignore format: one row
    for (const kernels of VARIANTS) {
      const traced = await jit.trace(model as never, inputsOf([sequence, sequence], decoder), { dynamic: DYNAMIC, kernels });
      const loaded = await jit.load(await fileOf(traced), { kernels });
      for (const [lengths, count] of [[[7, 7], 2], [[3, 3], 3], [[1], 12], [[12, 12, 12, 12], 1]] as const) { // biome-ignore format: one row
        const inputs = inputsOf(lengths, count);
        const want = await exact(model, inputs, kernels);
        for (const each of [traced, loaded]) expectSameBits(each(inputs), want);
      }
    }
  });

  test('has the bits of each text alone, and computes no padding of it', async () => {
    const lengths = [4, 9, 1];
    const traced = await jit.trace(model as never, inputsOf([5, 5], 4), { dynamic: DYNAMIC });
    const together = traced(inputsOf(lengths, 6)) as never as Record<string, Tensor>;
    const packed = traced.instance.program.hostValues.filter(({ masked }) => masked);
    expect(packed.length).toBeGreaterThan(0);
    lengths.forEach((length, row) => {
      const inputs = inputsOf(lengths, 6);
      const its = (name: string, count: number) => tensor([(inputs[name].tolist() as number[][])[row].slice(0, count)]);
      const alone = traced({
        input_ids: its('input_ids', length),
        attention_mask: its('attention_mask', length),
        decoder_input_ids: its('decoder_input_ids', 6),
      }) as never as Record<string, Tensor>;
      const [first] = Object.keys(alone);
      expect((together[first] as never as Tensor[])[row].tolist()).toEqual((alone[first] as never as Tensor[])[0].tolist());
      const encoded = (together.encoder_last_hidden_state as never as Tensor[])[row].tolist() as never as number[][];
      expect(encoded.slice(0, length)).toEqual((alone.encoder_last_hidden_state as never as Tensor[])[0].tolist());
      for (const zeros of encoded.slice(length)) expect(zeros.every((value) => value === 0)).toBe(true);
    });
  });

  test('is the same on threads, and quantised runs as well', async () => {
    const inputs = inputsOf([7, 4], 5);
    const traced = await jit.trace(model as never, inputs, { dynamic: DYNAMIC });
    const threaded = await jit.load(await fileOf(traced), { threads: 3 });
    expectSameBits(threaded(inputs), traced(inputs));
    threaded.dispose();
    const { traced: small } = await quantize(traced as never, { calibrate: [inputs] });
    expect(small.instance.program.ops).toContain('linear_i8');
    const [got, want] = [small, traced].map((each) => each(inputs) as never as Record<string, Tensor>);
    for (const name of [Object.keys(want)[0], 'encoder_last_hidden_state']) expect(worst(got[name], want[name]), name).toBeLessThan(0.2);
  });
});

async function exact(model: unknown, inputs: Record<string, Tensor>, kernels: (typeof VARIANTS)[number]) {
  return (await jit.trace(model as never, inputs, { kernels, exact_padding: true }))(inputs);
}

describe('tokens of the decoder that are made of the text', () => {
  const model = new BartForSequenceClassification(bartConfig, { seed: 3 });
  const textsOf = (lengths: readonly number[]) => {
    const { input_ids, attention_mask } = inputsOf(lengths, 1);
    const ids = (input_ids.tolist() as number[][]).map((row, b) => row.map((id, i) => (i === lengths[b] - 1 ? 2 : id)));
    return { input_ids: tensor(ids), attention_mask };
  };

  test('are made by traces of any size, with the bits of the model', async () => {
    for (const kernels of VARIANTS) {
      const traced = await jit.trace(model as never, textsOf([5, 5]), { dynamic: { batch: [1, 4], sequence: [1, 12] }, kernels });
      const loaded = await jit.load(await fileOf(traced), { kernels });
      for (const lengths of [[7, 7], [1], [12, 12, 12]]) {
        const inputs = textsOf(lengths);
        const want = await exact(model, inputs, kernels);
        for (const each of [traced, loaded]) expectSameBits(each(inputs), want);
      }
      const [together, alone] = [textsOf([4, 9]), textsOf([4])].map(
        (inputs) => (traced(inputs) as never as { logits: Tensor[] }).logits[0],
      );
      expect(together.tolist()).toEqual(alone.tolist());
    }
  });

  test('are no more than the vocabulary', async () => {
    const traced = await jit.trace(model as never, textsOf([5]), {});
    const { message } = await problem('value', () =>
      traced({ input_ids: tensor([[0, 40, 5, 6, 2]]), attention_mask: tensor([[1, 1, 1, 1, 1]]) }),
    );
    expect(message).toMatch(/input_ids"?\[1\]: expected a whole number from 0 to 39, got 40/);
  });
});

test('a file cannot have a decoder start with what is no token', async () => {
  const model = new BartForSequenceClassification(bartConfig, { seed: 3 });
  const given = { input_ids: tensor([[3, 4, 2]]), attention_mask: tensor([[1, 1, 1]]) };
  const file = await fileOf(await jit.trace(model as never, given));
  const startingWith = (fill: number) =>
    altered(
      file,
      ({ program }) => void Object.assign(program.hostValues.find(({ rule }: { rule: string }) => rule === 'shifted') as object, { fill }),
    );
  await jit.load(startingWith(39));
  expect((await problem('format', () => jit.load(startingWith(40)))).message).toMatch(/host value shifted: expected 3 elements below 40/);
});

test('the length of a decoder is fixed where no symbol stands for it', async () => {
  const traced = await jit.trace(bart as never, inputsOf([5], 3), { dynamic: { sequence: [1, 12] } });
  traced(inputsOf([9], 3));
  await problem('shape', () => traced(inputsOf([9], 4)));
  const { message } = await problem('value', () => jit.trace(bart as never, inputsOf([5], 3), { dynamic: { target: [1, 3] } }));
  expect(message).toMatch(/^dynamic: target: expected batch, sequence, decoder_sequence, or a symbol of dynamic_axes/);
});

test('padding fills each sequence up to its own length', async () => {
  const traced = await jit.trace(bart as never, inputsOf([7], 4), {});
  const given = inputsOf([5], 3);
  const padded = traced.pad(given, { pad_token_id: 1 });
  expect(Object.fromEntries(Object.entries(padded).map(([name, { shape }]) => [name, shape]))).toEqual({
    input_ids: [1, 7],
    attention_mask: [1, 7],
    decoder_input_ids: [1, 4],
  });
  expect((padded.decoder_input_ids.tolist() as number[][])[0][3]).toBe(1);
});
