import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { F, full, nn, type Tensor, tensor } from '../../src/index.ts';
import { evaluate } from '../../src/jit/check.ts';
import { record } from '../../src/jit/record.ts';
import { Allocator } from '../../src/kernels/allocator.ts';
import { allocateMemory, growMemory } from '../../src/kernels/binaries.ts';
import { using } from '../../src/nn/chosen.ts';
import { Engine } from '../../src/nn/eager.ts';
import { type Attributes, checkRange, type Operands } from '../../src/ops/call.ts';
import { Block, Computed, expectSameBits, floats, problem, tinyBert } from '../support/tiny.ts';

describe('the eager engine', () => {
  test('does not grow over repeated calls', () => {
    const engine = new Engine('baseline');
    const model = tinyBert({ num_hidden_layers: 2 });
    const ids = full([2, 12], 3, { dtype: 'int32' });
    using(engine, () => model(ids));
    const settled = engine.memoryBytes;
    expect(settled).toBeGreaterThan(65536);
    for (let i = 0; i < 300; i++) using(engine, () => model(ids));
    expect(engine.memoryBytes).toBe(settled);
  });

  test('does not grow over sets, errors, or plain and in panels use', () => {
    const engine = new Engine('baseline');
    const dense = new nn.Linear(200, 200);
    const x = floats([2, 200]);
    const use = () => [dense(x), F.gelu(dense.weight)];
    using(engine, use);
    const settled = engine.memoryBytes;
    for (let i = 0; i < 100; i++) {
      dense.weight.set(floats([200, 200], i).data as Float32Array);
      using(engine, use);
      expect(() => using(engine, () => F.add(x, x.reshape([400])))).toThrow(/^add: expected .*\[400\]/);
      expect(() => using(engine, () => F.embedding(tensor([200]), dense.weight))).toThrow(
        /ids\[0\]: expected a whole number from 0 to 199/,
      );
    }
    expect(engine.memoryBytes).toBe(settled);
  });

  test('uploads a parameter again after set(), plain and in panels', () => {
    const engine = new Engine('baseline');
    const dense = new nn.Linear(4, 4);
    const x = floats([2, 4]);
    const run = () => using(engine, () => [dense(x), F.relu(dense.weight)]);
    const before = run();
    expectSameBits(run(), before);
    const values = floats([4, 4], 9).data as Float32Array;
    dense.weight.set(values);
    const [product, plain] = run();
    expect(plain.data).toEqual(values.map((value) => Math.max(value, 0)));
    const fresh = new nn.Linear(4, 4);
    fresh.weight.set(values.slice());
    fresh.bias = dense.bias;
    expectSameBits(
      product,
      using(engine, () => fresh(x)),
    );
  });

  test('sees what is written into the data of a parameter, plain and in panels, and grows by none of it', () => {
    const engine = new Engine('baseline');
    const dense = new nn.Linear(4, 4);
    const x = floats([2, 4]);
    const run = () => using(engine, () => [dense(x), F.relu(dense.weight), F.add(x, dense.bias as nn.Parameter)]);
    run();
    const view = dense.weight.reshape(16);
    const settled = engine.memoryBytes;
    for (let i = 0; i < 50; i++) {
      const values = floats([4, 4], i).data as Float32Array;
      if (i % 2) view.data.set(values);
      else dense.weight.data.set(values);
      (dense.bias as nn.Parameter).data.fill(i);
      const fresh = new nn.Linear(4, 4);
      fresh.weight.set(values);
      fresh.bias?.set(Array(4).fill(i));
      expectSameBits(
        run(),
        using(engine, () => [fresh(x), F.relu(fresh.weight), F.add(x, fresh.bias as nn.Parameter)]),
      );
    }
    expect(engine.memoryBytes).toBe(settled);
  });

  test('copies parameters once, unless somebody has their data', () => {
    const engine = new Engine('baseline');
    const dense = new nn.Linear(4, 4);
    using(engine, () => dense(floats([2, 4])));
    dense.weight.tolist();
    String(dense.weight);
    JSON.stringify(dense.weight);
    expect([dense.weight.lent, dense.bias?.lent]).toEqual([false, false]);
    for (const take of [() => dense.weight.data, () => structuredClone(dense.bias)]) take();
    expect([dense.weight.lent, dense.bias?.lent]).toEqual([true, true]);
  });

  test('answers with memory of its own', () => {
    const engine = new Engine('baseline');
    const x = floats([8]);
    const first = using(engine, () => F.relu(x));
    const kept = [...(first.data as Float32Array)];
    using(engine, () => F.scale(floats([8], 4), 100));
    expect([...(first.data as Float32Array)]).toEqual(kept);
    expect(x).toEqual(floats([8]));
  });

  test('takes views on larger buffers', () => {
    const engine = new Engine('baseline');
    const { data } = floats([16]);
    const view = tensor([0], { dtype: 'float32' });
    const middle = new (view.constructor as typeof Tensor)('float32', [4], (data as Float32Array).subarray(3, 7));
    expectSameBits(
      using(engine, () => F.scale(middle, 1)),
      new (view.constructor as typeof Tensor)('float32', [4], (data as Float32Array).slice(3, 7)),
    );
  });

  test('computes recorded graphs node by node', () => {
    const block = new Block();
    const x = floats([2, 6]);
    const { graph } = record(block, [{ name: 'x', dtype: 'float32', shape: [2, 6] }], ([t]) => block(t));
    const seen: string[] = [];
    const engine = new Engine('baseline');
    const spy = {
      apply: (op: string, operands: Operands<Tensor>, attrs: Attributes) => {
        seen.push(op);
        return engine.apply(op, operands, attrs);
      },
    };
    const values = evaluate(graph, { x }, spy);
    expect(seen).toEqual(['linear', 'gelu', 'add', 'layer_norm']);
    expectSameBits(
      values.get(graph.outputs[0].value) as Tensor,
      using(engine, () => block(x)),
    );
  });
});

test('a memory that cannot be had or grown is a typed error', async () => {
  const error = await problem('memory', () => allocateMemory(2 ** 33, 'a thing'));
  expect(error.message).toMatch(/a thing: expected 8192\.0 MiB of wasm memory \(at most 4096\).*smaller model/);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
  growMemory(memory, 65537, 'more');
  expect(memory.buffer.byteLength).toBe(131072);
  await problem('memory', () => growMemory(memory, 131073, 'more'));
});

test('ranges of whole numbers', async () => {
  checkRange('ids', [0, 3], { bound: 4 });
  checkRange('starts', [0, 2, 2, 5], { bound: 6, step: 3 });
  await problem('value', () => checkRange('ids', [0, 4], { bound: 4 }));
  await problem('value', () => checkRange('ids', [-1], { bound: 4 }));
  expect((await problem('value', () => checkRange('starts', [0, 2, 1], { bound: 6, step: 3 }))).message).toMatch(
    /starts\[2\]: expected a whole number from 2 to 5, got 1/,
  );
  await problem('value', () => checkRange('starts', [0, 4], { bound: 6, step: 3 }));
});

describe('the allocator', () => {
  const BASE = 1000 * 64;

  test('never gives out a byte twice, nor memory not reserved; frees merge into nothing', () => {
    const steps = fc.array(fc.oneof(fc.record({ alloc: fc.nat(1000) }), fc.record({ free: fc.nat(99) })), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (script) => {
        let reserved = BASE;
        const allocator = new Allocator(BASE, (end) => {
          reserved = Math.max(reserved, end);
        });
        const live: { at: number; bytes: number }[] = [];
        let most = 0;
        for (const step of script) {
          if ('alloc' in step) {
            const at = allocator.alloc(step.alloc);
            const taken = { at, bytes: Math.max(64, step.alloc) };
            expect(at % 64).toBe(0);
            expect(at).toBeGreaterThanOrEqual(BASE);
            expect(at + taken.bytes).toBeLessThanOrEqual(reserved);
            for (const other of live) expect(at + taken.bytes <= other.at || other.at + other.bytes <= at).toBe(true);
            live.push(taken);
          } else if (live.length > 0) allocator.free(live.splice(step.free % live.length, 1)[0].at);
          most = Math.max(most, reserved);
        }
        for (const { at } of live) allocator.free(at);
        expect(allocator.alloc(most - BASE)).toBe(BASE);
        expect(reserved).toBe(Math.max(most, BASE + 64));
      }),
      { numRuns: 300 },
    );
  });

  test('reuses the first hole that is large enough', () => {
    const allocator = new Allocator(0, () => {});
    const [a, b, c, d] = [64, 128, 64, 192].map((bytes) => allocator.alloc(bytes));
    allocator.free(b);
    allocator.free(d);
    expect(allocator.alloc(65)).toBe(b);
    expect(allocator.alloc(64)).toBe(c + 64);
    allocator.free(a);
    expect(allocator.alloc(1)).toBe(a);
  });

  test('ignores what it did not give, and twice the same', () => {
    const allocator = new Allocator(0, () => {});
    const a = allocator.alloc(64);
    allocator.alloc(64);
    allocator.free(a);
    allocator.free(a);
    allocator.free(12345);
    expect([allocator.alloc(64), allocator.alloc(64)]).toEqual([a, 128]);
  });

  test('is unharmed by a refusal', () => {
    const allocator = new Allocator(0, (end) => {
      if (end > 128) throw new RangeError('full');
    });
    expect(allocator.alloc(64)).toBe(0);
    expect(() => allocator.alloc(128)).toThrow('full');
    expect(allocator.alloc(64)).toBe(64);
  });
});

test('ops within ops see the executor of the outermost call', () => {
  const seen: string[] = [];
  const engine = new Engine('baseline');
  const recorder = {
    hostValue: engine.hostValue,
    apply: (op: string, operands: Operands<Tensor>, attrs: Attributes) => {
      seen.push(op);
      return engine.apply(op, operands, attrs);
    },
    within: <T>(_: object, body: () => T): T => body(),
  };
  using(recorder, () => new Computed((t) => new Block()(t))(floats([2, 6])));
  expect(seen).toEqual(['linear', 'gelu', 'add', 'layer_norm']);
});
