import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { TraceletError } from '../../../src/base/error.ts';
import { type Checkpoint, openCheckpoint } from '../../../src/formats/checkpoint.ts';
import { BertModel } from '../../../src/index.ts';
import { toBfloat16, toFloat16, widenBfloat16, widenFloat16 } from '../../../src/tensor/float.ts';
import { expectClose, fixture } from '../../support/fixtures.ts';
import { archive, ops } from '../../support/pickle.ts';

/** What PyTorch says of a file: it is `base` to the bit, once `prefix` is cut and floats are rounded to `dtype`, or must be refused. */
interface Row {
  file: string;
  expect: 'equal' | 'prefix' | 'tensors' | 'refuse';
  base?: string;
  dtype?: 'float16' | 'bfloat16';
  why?: string;
  may?: string;
}

const ROWS = JSON.parse(readFileSync(fixture('bin/manifest.json'), 'utf8')) as Row[];
const at = (file: string): string => fixture(`bin/${file}`);
const bitsOf = ({ data }: { data: ArrayBufferView }): string => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');

/** Names, dtypes, shapes and bits, and what was passed over. */
const shown = ({ tensors, foreign }: Checkpoint, names = [...tensors.keys()]): unknown => [
  Object.fromEntries(names.map((name) => [name, [tensors.get(name)?.dtype, tensors.get(name)?.shape, bitsOf(tensors.get(name) as never)]])),
  foreign,
];

const ROUND = { float16: [toFloat16, widenFloat16], bfloat16: [toBfloat16, widenBfloat16] } as const;

/** A checkpoint whose floats are rounded; what is of that dtype already stays as it is. */
function rounded(checkpoint: Checkpoint, dtype: 'float16' | 'bfloat16'): Checkpoint {
  const [narrow, widen] = ROUND[dtype];
  for (const { data } of checkpoint.tensors.values()) widen(Uint16Array.from(data as Float32Array, narrow), data as Float32Array);
  return checkpoint;
}

const read = ROWS.filter((row) => row.expect !== 'refuse');
const refused = ROWS.filter((row) => row.expect === 'refuse');

test('all files of the truth have a row', () => {
  const named = new Set(ROWS.flatMap(({ file, base = `${file}.safetensors` }) => [file, base]));
  const beside = /config\.json$|golden\.safetensors$|index\.json$|-of-\d+\.\w+$|^bin$|^manifest\.json$/;
  const files = readdirSync(at(''), { recursive: true, encoding: 'utf8' }).filter((name) => /\.\w+$/.test(name));
  expect(files.filter((name) => !named.has(name) && !beside.test(name))).toEqual([]);
  expect([read.length, refused.length]).toEqual([28, 33]);
});

test.each(read)('$file holds the tensors that PyTorch saved', async ({ file, base, dtype }) => {
  const checkpoint = await openCheckpoint(at(file));
  const whole = await openCheckpoint(at(base ?? `${file}.safetensors`));
  const wanted = dtype ? rounded(whole, dtype) : whole;
  expect(shown(checkpoint, [...wanted.tensors.keys()])).toEqual(shown(wanted));
  const tied = [...checkpoint.tensors.keys()].filter((name) => !wanted.tensors.has(name));
  expect(
    tied.every((name) => /^lm_head\.decoder\./.test(name)),
    tied.join(),
  ).toBe(true);
  if (/tied/.test(file) && tied.length > 0)
    expect(checkpoint.tensors.get('lm_head.decoder.weight')).toBe(checkpoint.tensors.get('roberta.embeddings.word_embeddings.weight'));
});

test('tensors of whole numbers and of dtypes that nothing computes with are as in safetensors', async () => {
  for (const file of ['tensors/odd.bin', 'tensors/odd-legacy.bin']) {
    const { tensors, foreign } = await openCheckpoint(at(file));
    const dtypes = ['i64', 'i32', 'i8', 'u8', 'boolean', 'f64'].map((name) => tensors.get(name)?.dtype);
    expect(dtypes).toEqual(['int64', 'int32', 'int8', 'uint8', 'bool', 'float32']);
    expect(foreign).toEqual(new Map([['i16', { dtype: 'I16', shape: [2] }]]));
  }
});

/** Too large to keep: made here as they were there. */
const DEEP: Record<string, Uint8Array> = {
  'hostile/deep.bin': archive(ops('\x80\x02', ']'.repeat(300_000), 'a'.repeat(299_999), '.')),
  'hostile/deep-tuple.bin': archive(ops('\x80\x02)', '\x85'.repeat(300_000), '.')),
};

/** Those that may load as well, which they do. */
const HARMLESS: Record<string, readonly string[]> = {
  'hostile/proto-pollution.bin': ['__proto__', 'constructor'],
  'hostile/deflated.bin': ['embeddings.word_embeddings.weight'],
};

describe('hostile', () => {
  test.each([...refused.map(({ file }) => file), ...Object.keys(DEEP)])('%s is refused', async (file) => {
    const source = DEEP[file] ?? at(file);
    const names = HARMLESS[file];
    if (names) {
      const { tensors } = await openCheckpoint(source);
      expect([...tensors.keys()]).toEqual(names);
      for (const tensor of tensors.values()) expect((tensor.data as Float32Array).every((value) => value === 0)).toBe(true);
      expect(Object.keys(Object.prototype)).toEqual([]);
      return;
    }
    const error = await openCheckpoint(source).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TraceletError);
    expect(['format', 'unsupported', 'checkpoint']).toContain((error as TraceletError).code);
  });

  test.each(['os-system', 'os-system-nt', 'eval', 'stack-global', 'build', 'getattr', 'legacy-os-system'])(
    '%s is refused by the name of what it would run',
    async (file) => {
      await expect(openCheckpoint(at(`hostile/${file}.bin`))).rejects.toMatchObject({
        code: 'unsupported',
        message: expect.stringMatching(
          /expected names of what a state_dict is made of, got "(posix|os|__builtin__|builtins)\.(system|eval|exec|getattr)"/,
        ),
      });
    },
  );
});

test('a model has the outputs that PyTorch gave, from any of the files', async () => {
  const { tensors: golden } = await openCheckpoint(at('bert/golden.safetensors'));
  const ids = golden.get('0.in.input_ids') as never;
  for (const file of ['sharded', 'pytorch_model.bin', 'legacy.bin', 'parallel.bin', 'transposed.bin', 'one-storage-legacy.bin']) {
    const model = await BertModel.from_pretrained(at(`bert/${file}`));
    const { last_hidden_state, pooler_output } = model(ids) as never as Record<string, never>;
    expectClose(last_hidden_state, golden.get('0.out.last_hidden_state') as never, 1e-5, file);
    expectClose(pooler_output, golden.get('0.out.pooler_output') as never, 1e-5, file);
  }
});
