import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { architecture, jit, type ModelOutput, type PreTrainedModel, SentenceEmbedder, Tensor, withKernels } from '../../src/index.ts';
import type { Family } from '../../src/models/family.ts';
import { flattenOutputs } from '../../src/nn/outputs.ts';
import { SET_OPS, SETS } from '../../src/ops/sets.ts';
import { sizeOf } from '../../src/tensor/tensor.ts';
import { expectClose, type GoldenCall, type GoldenCase, goldenCases, VARIANTS } from '../support/fixtures.ts';
import { expectSameBits, expectSameTensor, fileOf } from '../support/tiny.ts';

const TOLERANCE = 2e-5;

function load({ architecture: name, directory }: GoldenCase) {
  return architecture(name).from_pretrained(directory, {
    torchscript: true,
    output_hidden_states: true,
    output_attentions: name.endsWith('Model'),
  });
}

function byName(output: unknown): Record<string, Tensor> {
  return Object.fromEntries(flattenOutputs(output as ModelOutput).tensors.map(({ name, tensor }) => [name, tensor]));
}

/** What of a layer may be stored for some calls alone, for the size. */
const LAYERS = /^((en|de)coder_)?(hidden_states|attentions)\.|^cross_attentions\./;

function expectGolden(output: unknown, { inputs, outputs: want, masked }: GoldenCall, what: string): void {
  const got = byName(output);
  const stored = Object.keys(got).filter((name) => name in want || !LAYERS.test(name));
  expect(stored.sort(), `${what}: names`).toEqual(Object.keys(want).sort());
  const meant = (tensor: Tensor) => (masked ? withoutPadding(tensor, inputs.attention_mask) : tensor);
  for (const [name, tensor] of Object.entries(want)) expectClose(meant(got[name]), meant(tensor), TOLERANCE, `${what} ${name}`);
}

describe.each(goldenCases().map((golden) => [golden.name, golden] as const))('%s', (_, golden) => {
  let model: Awaited<ReturnType<typeof load>>;
  beforeAll(async () => {
    model = await load(golden);
  });
  afterAll(() => {
    model = undefined as never;
  });

  describe.each(VARIANTS)('%s kernels', (kernels) => {
    /** What the model itself answers to each call. */
    let eager: unknown[];
    beforeAll(() => {
      eager = golden.calls.map(({ inputs }) => withKernels(kernels, () => model(inputs)));
    });
    afterAll(() => {
      eager = [];
    });

    test('eager, as PyTorch', () => {
      golden.calls.forEach((call, i) => {
        expectGolden(eager[i], call, `call ${i}`);
      });
    });

    if (golden.pooling)
      test('vectors of texts, as PyTorch, eager and traced', async () => {
        const embedder = await SentenceEmbedder.from_pretrained(golden.directory, { pooling: golden.pooling });
        for (const [i, { inputs, embedding }] of golden.calls.entries()) {
          const traced = await jit.trace(embedder, inputs, { kernels });
          const own = withKernels(kernels, () => embedder(inputs));
          for (const { sentence_embedding } of [own, traced(inputs) as typeof own])
            expectClose(sentence_embedding, embedding as Tensor, TOLERANCE, `call ${i}`);
        }
      });

    test('traced with fusion, as PyTorch', async () => {
      const [first] = golden.calls;
      const traced = await jit.trace(model, first.inputs, { kernels, exact_padding: true, check_trace: false });
      expectGolden(traced(first.inputs), first, 'call 0');
    });

    test.each(kernels === 'baseline' ? [true, false] : [true])(
      'traced without padding: zeros for it, elsewhere the same bits where it is behind, fusion %s',
      async (fusion) => {
        for (const [i, { inputs }] of golden.calls.entries()) {
          const traced = await jit.trace(model, inputs, { fusion, kernels, check_trace: false });
          const [got, want] = [byName(traced(inputs)), byName(eager[i])];
          const { attention_mask: mask } = inputs;
          const packed = traced.graph.includes('scatter');
          const decodes = 'encoder_last_hidden_state' in want;
          for (const [name, tensor] of Object.entries(want)) {
            if (!decodes && name.startsWith('cross_')) {
              expectClose(queried(got[name], mask), queried(tensor, mask), TOLERANCE, `call ${i} ${name}`);
              continue;
            }
            const ofText = !decodes || name.startsWith('encoder_');
            const meant = (one: Tensor) => (ofText ? withoutPadding(one, mask) : one);
            const [left, right] = [packed ? got[name] : meant(got[name]), meant(tensor)];
            if (!mask || isBehind(mask)) expectSameTensor(left, right, `call ${i} ${name}`);
            else expectClose(ofFirst(left, mask), ofFirst(right, mask), TOLERANCE, `call ${i} ${name}`);
          }
        }
      },
    );

    test('eager, traced without fusion, and saved and loaded: the same bits', async () => {
      const { ops } = (model.constructor as typeof PreTrainedModel).family as Family;
      for (const [i, { inputs }] of golden.calls.entries()) {
        const traced = await jit.trace(model, inputs, { fusion: false, kernels, exact_padding: true });
        const rare = traced.instance.program.ops.filter((op) => SET_OPS.has(op));
        const named = [...Object.keys(ops?.rows ?? {}), ...(model.config.is_decoder ? SETS.families : [])];
        expect(named, 'ops that its family names, or that decoders have').toEqual(expect.arrayContaining(rare));
        const loaded = await jit.load(await fileOf(traced), { kernels });
        expectSameBits(eager[i] as never, traced(inputs), `call ${i} traced`);
        expectSameBits(eager[i] as never, loaded(inputs), `call ${i} loaded`);
      }
    });
  });
});

/** Whether each text comes before its padding, so that sums are of the same terms in the same order. */
const isBehind = ({ data, shape }: Tensor): boolean =>
  Array.from(data, Number).every((real, i, all) => i % (shape.at(-1) as number) === 0 || real <= all[i - 1]);

/** Without vectors of texts whose first token is padding: they are made of it. */
function ofFirst(tensor: Tensor, mask: Tensor): Tensor {
  const [batch, sequence] = mask.shape;
  if (tensor.shape.length !== 2 || tensor.shape[1] === sequence) return tensor;
  const cols = tensor.size / batch;
  return new Tensor(
    tensor.dtype,
    tensor.shape,
    (tensor.data as Float32Array).map((value, i) => (mask.data[Math.floor(i / cols) * sequence] ? value : 0)),
  );
}

/** Attention weights [batch, heads, sequence, keys], zeros for queries that the mask rules out. */
function queried(tensor: Tensor, mask: Tensor | undefined): Tensor {
  if (!mask) return tensor;
  const [, heads, sequence, keys] = tensor.shape;
  const real = (row: number): number => Number(mask.data[Math.floor(row / sequence / heads) * sequence + (row % sequence)]);
  const data = (tensor.data as Float32Array).map((value, i) => (real(Math.floor(i / keys)) ? value : 0));
  return new Tensor(tensor.dtype, tensor.shape, data);
}

/** Zeros where the mask rules tokens out: rows of [batch, sequence, …], rows of attentions, whose columns say so themselves. */
function withoutPadding(tensor: Tensor, mask: Tensor | undefined): Tensor {
  if (!mask) return tensor;
  const [sequence] = mask.shape.slice(-1);
  const { shape } = tensor;
  const attention = shape.length === 4 && shape[2] === sequence && shape[3] === sequence;
  const byToken = shape.length >= 2 && sizeOf(shape.slice(0, 2)) === mask.size && shape[1] === sequence;
  if (!attention && !byToken) return tensor;
  const data = (tensor.data as Float32Array).slice();
  const real = (batch: number, token: number): boolean => Number(mask.data[batch * sequence + token]) !== 0;
  const heads = shape[1];
  for (let i = 0; i < data.length; i++) {
    const token = Math.floor(i / sizeOf(shape.slice(2)));
    const row = Math.floor(i / sequence);
    const batch = Math.floor(row / sequence / heads);
    if (attention ? !real(batch, row % sequence) : !real(0, token)) data[i] = 0;
  }
  return new Tensor(tensor.dtype, shape, data);
}
