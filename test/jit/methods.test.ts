import { describe, expect, test } from 'vitest';
import { TraceletError } from '../../src/base/error.ts';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { F, jit, nn, type Tensor, type TracedModule, tensor } from '../../src/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { isTaken } from '../../src/traced/taken.ts';
import { isTraced } from '../../src/traced/traced.ts';
import { expectClose } from '../support/fixtures.ts';
import { altered, type Parts } from '../support/malformed_trace.ts';
import { inputsOf, load } from '../support/pool.ts';
import { expectSameBits, fileOf, floats, problem, tinyBert } from '../support/tiny.ts';

/** A model with two ways in: ids, and vectors that were made before. */
class Embedder extends nn.Module<Tensor[], Record<string, Tensor>> {
  readonly bert = tinyBert({ vocab_size: 100, max_position_embeddings: 64 });
  readonly head = new nn.Linear(16, 16, { seed: 9 });
  readonly input_names = ['input_ids', 'attention_mask'];
  readonly size = 16;
  run(x: Tensor): Tensor {
    return x;
  }

  override forward(input_ids: Tensor, attention_mask: Tensor): Record<string, Tensor> {
    const { last_hidden_state } = this.bert({ input_ids, attention_mask } as never) as unknown as Record<string, Tensor>;
    return { hidden: F.add(last_hidden_state, tensor([2, ...new Array(15).fill(0)])) };
  }

  encode(input_ids: Tensor, attention_mask: Tensor): Tensor {
    const { hidden } = this.forward(input_ids, attention_mask);
    return F.normalize(F.mean_pool(hidden, attention_mask));
  }

  compare(a: Tensor, b: Tensor): Tensor {
    const weights = tensor([3, ...new Array(15).fill(1)]);
    return F.sum(F.mul(F.mul(this.head(a), weights), this.head(b)), -1);
  }
}

const model = new Embedder();
const ids = inputsOf(2, 9);
const vectors = { a: floats([2, 16], 3), b: floats([2, 16], 4) };
const examples = { forward: ids, encode: ids, compare: vectors };
const options = { dynamic: { batch: [1, 8], sequence: [1, 32] }, kernels: 'baseline' } as const;
const made = await jit.trace_module(model, examples, options);
const file = await fileOf(made);
type Loaded = TracedModule & Record<'encode' | 'compare', TracedModule<Tensor>>;
const open = async (bytes: Uint8Array = file) => (await jit.load(bytes, { kernels: 'baseline' })) as Loaded;

const answersOf = ({ forward, encode, compare }: { forward: unknown; encode: unknown; compare: unknown }, shape = [3, 5]) => {
  const given = inputsOf(shape[0], shape[1], 2);
  const call = (method: unknown, ...args: unknown[]) => (method as (...inputs: unknown[]) => unknown)(...args);
  return [call(forward, given), call(encode, given), call(compare, floats([shape[0], 16], 5), floats([shape[0], 16], 6))];
};

describe('several methods in one trace', () => {
  test('answer as the model does, at any size, each as a trace of it alone', async () => {
    const encode = await jit.trace(
      (input_ids: Tensor, attention_mask: Tensor) => model.encode(input_ids, attention_mask),
      [ids.input_ids, ids.attention_mask],
      {
        dynamic: options.dynamic,
        dynamic_axes: { input_0: { 0: 'batch', 1: 'sequence' }, input_1: { 0: 'batch', 1: 'sequence' } },
        kernels: 'baseline',
        exact_padding: true,
      },
    );
    const alone = await jit.trace(model, ids, options);
    for (const [rows, length] of [
      [1, 1],
      [3, 5],
      [8, 32],
    ]) {
      // biome-ignore format: one row
      const given = inputsOf(rows, length, 2);
      expectSameBits(made(given), alone(given));
      expectClose(made.encode(given), encode(given.input_ids, given.attention_mask), 1e-5, 'encode');
      const [a, b] = [floats([rows, 16], 5), floats([rows, 16], 6)];
      for (const [i, x] of model.compare(a, b).tolist().entries()) expect(made.compare(a, b).tolist()[i]).toBeCloseTo(x as number, 4);
    }
    expect(made.methods.get('encode')).toBe(made.encode);
    expect(isTraced(made.compare)).toBe(true);
    expect(made.compare.inputs.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(Object.keys(made.compare.dynamic)).toEqual(['batch']);
    expect(String(made)).toMatch(/hidden float32.*encode\(input_ids.*compare\(a float32/);
  });

  test('lie in one file and one memory, with weights once', async () => {
    const loaded = await open();
    expectSameBits(answersOf({ ...loaded, forward: loaded } as never), answersOf({ ...made, forward: made } as never));
    expect(loaded.encode.instance.memory).toBe(loaded.instance.memory);
    for (const traced of [loaded, loaded.encode, loaded.compare]) expect(traced.verify('baseline').exact).toBe(true);
    expect(await fileOf(loaded)).toEqual(file);
    const names = [...readSafetensors(file.slice(), 'trace').tensors.keys()];
    expect(names.filter((name) => name.endsWith('query.weight'))).toHaveLength(1);
    expect(file.length).toBeLessThan((await fileOf(await jit.trace(model, ids, options))).length + 16 * 16 * 4 + 16_000);
  });

  test('tell apart constants that have no names of their own', async () => {
    const { tensors } = readSafetensors(file.slice(), 'trace');
    const named = [...tensors].filter(([name]) => /(^|\.)constants\.\d+$/.test(name)).map(([, { data }]) => data[0]);
    expect(named.toSorted()).toEqual([2, 3]);
  });

  test('are saved alone without the weights of others', async () => {
    const bytes = await fileOf(made.compare);
    const [a, b] = [floats([4, 16], 1), floats([4, 16], 2)];
    expectSameBits((await open(bytes))(a, b), made.compare(a, b));
    expect(bytes.length).toBeLessThan(file.length / 4);
    expect(await fileOf(await open(bytes))).toEqual(bytes);
  });

  test('take turns in the memory that they share', async () => {
    const loaded = await open();
    const { signal } = new AbortController();
    const [x, y] = [inputsOf(8, 32, 1), inputsOf(2, 5, 2)];
    const runs = [loaded.run(x, { signal }), loaded.encode.run(y, { signal }), loaded.encode.run(x), loaded.run(y, { signal })];
    expect((await problem('busy', () => loaded.compare(vectors.a, vectors.b))).message).toMatch(/no run under way/);
    expectSameBits(await Promise.all(runs), [made(x), made.encode(y), made.encode(x), made(y)]);
  });

  test.each([
    ['workers', { workers: 2 }],
    ['threads', { threads: 2 }],
  ])('run in %s, to the same bits', async (_, how) => {
    const loaded = (await load(file, { ...how, kernels: 'baseline' } as never)) as unknown as Loaded;
    const [x, y] = [inputsOf(8, 32, 1), inputsOf(2, 5, 2)];
    const runs = [loaded.run(x), loaded.encode.run(y), loaded.encode.run(x), loaded.compare.run(vectors), loaded.run(y)];
    expectSameBits(await Promise.all(runs), [made(x), made.encode(y), made.encode(x), made.compare(vectors), made(y)]);
    expect([loaded.encode.workers, loaded.encode.threads]).toEqual([loaded.workers, loaded.threads]);
    loaded.compare.dispose();
    expectSameBits(await loaded.encode.run(y), made.encode(y));
    loaded.dispose();
    await problem('disposed', () => loaded.encode.run(y));
  });

  test('are quantised alike', async () => {
    const { traced } = await quantize(made, { calibrate: [ids, inputsOf(3, 20, 4)] });
    const loaded = await open(await fileOf(traced));
    expect(loaded.compare.code).toMatch(/linear_i8/);
    const [a, b] = [loaded.encode(ids).tolist().flat(), made.encode(ids).tolist().flat()] as number[][];
    expect(a.reduce((sum, x, i) => sum + x * b[i], 0) / 2).toBeGreaterThan(0.99);
    const names = [...readSafetensors((await fileOf(traced)).slice(), 'trace').tensors.keys()];
    expect(names.filter((name) => name.endsWith('0.attention.self.query.weight'))).toEqual([expect.stringMatching(/^bert\./)]);
  });

  test('go into a trace of a model around them', async () => {
    const around = await jit.trace((a: Tensor, b: Tensor) => F.mul(made.compare(a, b), tensor(2)), [vectors.a, vectors.b]);
    const [x] = around(vectors.a, vectors.b).tolist() as number[];
    expect(x).toBeCloseTo(2 * (made.compare(vectors.a, vectors.b).tolist()[0] as number), 4);
  });
});

describe('what is refused', () => {
  test.each([
    ['a name that the model does not have', { encod: ids }, /"encod".*compare.*[Dd]id you mean encode/],
    ['what is no method', { size: ids }, /"size".*got 16/],
    ['a module', { head: ids }, /got a Linear that it holds.*jit\.trace\(model\.head/],
    ['a name that traces have', { run: ids }, /"run".*nothing of its own/],
    ['a method that all modules have', { eval: [] }, /"eval".*nothing of its own/],
    ['inputs that are none', { encode: 3 }, /dummy inputs by method/],
  ])('%s', async (_, methods, words) => {
    const { message } = await problem('value', () => jit.trace_module(model, { forward: ids, ...methods } as never));
    expect(message).toMatch(words);
  });

  test('no inputs of forward, models that are none, checks of other methods, symbols that stand nowhere', async () => {
    expect((await problem('value', () => jit.trace_module(model, { encode: ids } as never))).message).toMatch(/forward as well/);
    await problem('value', () => jit.trace_module(model.encode as never, { forward: ids }));
    await problem('value', () => jit.trace_module(model, { forward: ids }, { check_inputs: [{ encode: ids }] }));
    await problem('value', () => jit.trace_module(model, { forward: ids, compare: vectors }, { dynamic: { texts: [1, 4] } }));
    const { message } = await problem('tracing_check', () =>
      jit.trace_module(Object.assign(new Embedder(), { encode: (x: Tensor) => F.mul(x, tensor([Math.random()])) }), examples),
    );
    expect(message).toMatch(/recorded again/);
  });

  test('no name of a trace but encode is one of a method', () => {
    const own = Object.keys(made).filter((name) => !made.methods.has(name));
    const inherited = ['run', 'embed', 'forward', 'dispose', 'graph', 'toString', 'constructor', '__proto__', 'then'];
    expect([...own, ...inherited].filter((name) => !isTaken(name))).toEqual([]);
  });

  const bad: [string, (parts: Parts) => void, RegExp][] = [
    ['without methods in version 4', ({ program }) => delete program.methods, /methods/],
    ['with none', ({ program }) => program.methods.splice(0), /expected 1 to 1000/],
    ['with too many', ({ program }) => program.methods.push(...new Array(1000).fill(program.methods[0])), /expected 1 to 1000/],
    ['of one name', ({ program }) => { program.methods[1].name = 'encode'; }, /differ/], // biome-ignore format: one row
    ['called forward', ({ program }) => { program.methods[0].name = 'forward'; }, /a name and a program/], // biome-ignore format: one row
    ['called as no method can be', ({ program }) => { program.methods[0].name = 'a.b'; }, /a name and a program/], // biome-ignore format: one row
    ['without code', ({ tensors }) => void tensors.delete('trace.methods.encode.code'), /trace\.methods\.encode\.code/],
    [
      'with a golden input of another name',
      ({ tensors }) => void tensors.set('trace.methods.compare.golden.in.c', tensor([1])),
      /golden\.in\.c/,
    ],
    ['that read a constant that is not there', ({ program }) => { program.methods[0].values.find((v: never) => 'constant' in (v as { place: object }).place).place.constant = 999; }, /constants/], // biome-ignore format: one row
  ];
  test.each(bad)('a file of methods %s', async (_, change, words) => {
    const error = await jit.load(altered(file, change)).catch((cause) => cause);
    expect(error).toBeInstanceOf(TraceletError);
    expect(error.message).toMatch(words);
  });

  test('methods of a file whose names a trace has are reached through methods alone', async () => {
    const renamed = altered(file, ({ program, tensors, aliases }) => {
      program.methods[0].name = 'then';
      const now = (name: string) => name.replace('methods.encode.', 'methods.then.');
      for (const [alias, name] of Object.entries(aliases)) {
        delete aliases[alias];
        aliases[now(alias)] = now(name);
      }
      for (const [name, value] of [...tensors])
        if (name.startsWith('trace.methods.encode.')) {
          tensors.delete(name);
          tensors.set(now(name), value);
        }
    });
    const loaded = await open(renamed);
    expect('then' in loaded).toBe(false);
    expectSameBits(loaded.methods.get('then')?.(ids), made.encode(ids));
  });
});
