import { isMainThread } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BertConfig, BertModel, jit, ones } from '../../src/index.ts';
import { bytesOf, Layout, type Usage } from '../../src/program/layout.ts';
import { type Access, checkPlan, type Step } from '../../src/program/lifetimes.ts';
import { problem } from '../support/tiny.ts';

/** A program to lay out: sizes of values by number, and of scratch by instruction. */
interface Made {
  given: number[];
  usages: Usage<number>[];
  taken: number[];
  sizes: number[];
  scratch: number[];
}

const SIZES = [0, 4, 64, 65, 128, 200, 640];
const size = fc.nat(SIZES.length - 1).map((i) => SIZES[i]);

/** Programs of which all results are taken, many, or few. */
const programs: fc.Arbitrary<Made> = fc
  .record({
    inputs: fc.nat(3),
    nodes: fc.array(
      fc.record({ reads: fc.array(fc.nat(999), { maxLength: 3 }), inPlace: fc.boolean(), bytes: size, scratch: fc.option(size) }),
      { minLength: 1, maxLength: 160, size: 'max' },
    ),
    taken: fc.oneof(
      fc.constant('all' as const),
      fc.array(fc.nat(999), { maxLength: 4 }),
      fc.array(fc.nat(999), { maxLength: 150, size: 'max' }),
    ),
    near: fc.boolean(),
  })
  .map(({ inputs, nodes, taken, near }) => {
    const given = Array.from({ length: inputs + 1 }, (_, i) => i);
    const usages = nodes.map(({ reads, inPlace, scratch }, at): Usage<number> => {
      const known = given.length + at;
      const read = reads.map((i) => (near ? known - 1 - (i % Math.min(known, 4)) : i % known));
      return { out: known, reads: read, inPlace: inPlace ? read[0] : undefined, scratch: scratch !== null };
    });
    const values = given.length + nodes.length;
    return {
      given,
      usages,
      taken: taken === 'all' ? usages.map(({ out }) => out) : taken.map((i) => i % values),
      sizes: [...given.map(() => 64), ...nodes.map(({ bytes }) => bytes)],
      scratch: nodes.map(({ scratch }) => scratch ?? 0),
    };
  });

const aligned = (bytes: number): number => Math.ceil(bytes / 64) * 64;

const layoutOf = ({ given, usages, taken, sizes }: Made): Layout<number> =>
  new Layout(given, usages, taken, (a, b) => sizes[a] === sizes[b]);

const placesIn = (layout: Layout<number>, made: Made) => {
  const arena = layout.place(
    (value) => made.sizes[value],
    (at) => made.scratch[at],
  );
  const values = made.sizes.map((_, value) => layout.offsetOf(value));
  const scratch = made.usages.map((usage, at) => (usage.scratch ? layout.scratchOffsetOf(at) : undefined));
  return { arena, values, scratch };
};

/** The same by looking at every block for every other one. */
function placedSimply({ given, usages, taken, sizes, scratch }: Made): ReturnType<typeof placesIn> {
  interface Block {
    bytes: number;
    from: number;
    to: number;
    offset?: number;
  }
  const lastUse = (value: number): number =>
    taken.includes(value) ? usages.length : usages.findLastIndex(({ reads }) => reads.includes(value));
  const blockOf: Block[] = given.map((value) => ({ bytes: aligned(sizes[value]), from: 0, to: Math.max(0, lastUse(value)) }));
  const scratchOf = usages.map((usage, at): Block | undefined =>
    usage.scratch ? { bytes: aligned(scratch[at]), from: at, to: at } : undefined,
  );
  usages.forEach(({ out, reads, inPlace }, at) => {
    const to = Math.max(at, lastUse(out));
    const old = inPlace === undefined || given.includes(inPlace) || sizes[inPlace] !== sizes[out] ? undefined : blockOf[inPlace];
    const free = old?.to === at && reads.filter((value) => blockOf[value] === old).length === 1;
    if (old && free) old.to = to;
    blockOf[out] = old && free ? old : { bytes: aligned(sizes[out]), from: at, to };
  });
  const all = [...new Set([...blockOf, ...scratchOf.filter((block) => block !== undefined)])];
  const placed: Block[] = [];
  for (const block of all.toSorted((a, b) => b.bytes - a.bytes || a.from - b.from)) {
    const met = placed.filter(({ from, to }) => from <= block.to && block.from <= to);
    const ends = [0, ...met.map(({ offset = 0, bytes }) => offset + bytes)].sort((a, b) => a - b);
    block.offset = ends.find((at) => met.every(({ offset = 0, bytes }) => at >= offset + bytes || offset >= at + block.bytes));
    if (block.bytes > 0) placed.push(block);
  }
  return {
    arena: placed.reduce((arena, { offset = 0, bytes }) => Math.max(arena, offset + bytes), 0),
    values: sizes.map((_, value) => blockOf[value].offset),
    scratch: scratchOf.map((block) => block?.offset),
  };
}

describe('a layout', () => {
  test('is that of larger blocks first, each at the lowest offset that is free, however many there are', () => {
    let crowded = 0;
    fc.assert(
      fc.property(programs, (made) => {
        expect(placesIn(layoutOf(made), made)).toEqual(placedSimply(made));
        if (made.taken.length > 80) crowded++;
      }),
      { numRuns: 400 },
    );
    expect(crowded).toBeGreaterThan(10);
  });

  test('does not depend on the sizes it was made for before', () => {
    fc.assert(
      fc.property(programs, fc.array(size, { minLength: 200, maxLength: 200 }), (made, others) => {
        const layout = new Layout(made.given, made.usages, made.taken, () => false);
        const fresh = placesIn(new Layout(made.given, made.usages, made.taken, () => false), made);
        placesIn(layout, { ...made, sizes: made.sizes.map((_, i) => others[i]) });
        expect(placesIn(layout, made)).toEqual(fresh);
      }),
      { numRuns: 100 },
    );
  });

  test.each([
    [4, 36],
    [100, 927],
  ])('of %i results at once takes %i steps, and is refused where that is too many', async (count, steps) => {
    const results = Array.from({ length: count }, (_, i) => i + 1);
    const usages = results.map((out): Usage<number> => ({ out, reads: [0], scratch: false }));
    const place = (most: number) => {
      const layout = new Layout([0], usages, results, () => false, most);
      const once = () =>
        layout.place(
          () => 64,
          () => 0,
        );
      return [once(), once()];
    };
    expect(place(steps)).toEqual([64 * (count + 1), 64 * (count + 1)]);
    const { message } = await problem('memory', () => place(steps - 1));
    expect(message).toContain(`the arena of ${count + 1} values: expected lifetimes that ${steps - 1} steps give their places`);
  });

  const MANY = 100_000;
  const chain = Array.from({ length: MANY }, (_, i): Usage<number> => ({ out: i + 1, reads: [i], scratch: false }));
  const results = chain.map(({ out }) => out);

  test.skipIf(!isMainThread)('of a hundred thousand results of one size is laid out', () => {
    const layout = new Layout([0], chain, results, () => false);
    const place = () =>
      layout.place(
        () => 64,
        () => 0,
      );
    expect(place()).toBe(64 * MANY);
    expect(layout.offsetOf(MANY)).toBe(64 * (MANY - 1));
  });

  test.skipIf(!isMainThread)('of tens of thousands of results of all sizes is laid out', () => {
    const some = results.slice(0, 30_000);
    const layout = new Layout([0], chain.slice(0, some.length), some, () => false);
    const bytes = (value: number) => 64 * (1 + ((value * 7919) % some.length));
    const place = () => layout.place(bytes, () => 0);
    expect(place()).toBe(some.reduce((sum, value) => sum + bytes(value), 0));
  });

  test.skipIf(!isMainThread)('that takes too much work is refused', async () => {
    let seed = 1;
    const below = (most: number): number => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return seed % most;
    };
    const tangled = chain.map(({ out }, at): Usage<number> => ({ out, reads: [below(at + 1)], scratch: false }));
    const layout = new Layout([0], tangled, [MANY], () => false);
    const error = await problem('memory', () =>
      layout.place(
        () => 64,
        () => 0,
      ),
    );
    expect(error.message).toMatch(/the arena of 100001 values: expected lifetimes that 33554432 steps give their places, got more/);
  });
});

describe('the arena of a BERT', () => {
  const programOf = async (num_hidden_layers: number) => {
    const sizes = { vocab_size: 50, hidden_size: 64, num_attention_heads: 4, intermediate_size: 256, max_position_embeddings: 32 };
    const ids = ones([2, 32], { dtype: 'int32' });
    const traced = await jit.trace(new BertModel(new BertConfig({ ...sizes, num_hidden_layers })), [ids, ids, ids], { check_trace: false });
    return traced.instance;
  };

  test('is hardly larger than what its widest layer needs at once, and no larger for more layers', async () => {
    const [few, many] = [await programOf(2), await programOf(9)];
    expect(many.program.arena).toBe(few.program.arena);
    const { program, proved } = many;
    const alive = proved.instructions.map(({ operands, out, call }) =>
      [...new Set([...Object.values(operands), out])]
        .filter((value) => value !== null && 'arena' in program.values[value].place)
        .reduce((sum: number, value) => sum + aligned(bytesOf(program.values[value as number])), aligned(call.scratch ?? 0)),
    );
    const host = [...program.inputs, ...program.hostValues].reduce((sum, { value }) => sum + aligned(bytesOf(program.values[value])), 0);
    const hidden = 2 * 32 * 64 * 4;
    expect(program.arena).toBeLessThanOrEqual(1.2 * (Math.max(...alive) + hidden + host));
  });
});

/** Whether a plan is sound, by asking everything that is owned about every write. */
function isSound(steps: readonly Step[], given: readonly Access[], taken: readonly Access[], arena: number): boolean {
  const owners = new Map<number, Access>();
  const clash = (a: Access, b: Access) => a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
  const inside = ({ offset, bytes }: Access) => offset >= 0 && offset % 16 === 0 && offset + bytes <= arena;
  const own = (access: Access): void => {
    for (const [value, other] of owners) if (clash(access, other)) owners.delete(value);
    if (access.value !== undefined) owners.set(access.value, access);
  };
  const isIntact = ({ value, offset, bytes }: Access): boolean => {
    const owned = owners.get(value as number);
    return owned !== undefined && owned.offset === offset && owned.bytes >= bytes;
  };
  for (const access of given) {
    if (!inside(access) || [...owners.values()].some((other) => clash(access, other))) return false;
    own(access);
  }
  for (const { reads, writes, inPlace } of steps) {
    if (![...reads, ...writes].every(inside) || !reads.every(isIntact)) return false;
    for (const [i, write] of writes.entries())
      for (const other of [...reads, ...writes.slice(0, i)]) {
        const same = i === 0 && other === inPlace && other.offset === write.offset && other.bytes === write.bytes;
        if (clash(write, other) && !same) return false;
      }
    writes.forEach(own);
  }
  return taken.every(isIntact);
}

describe('the proof of a plan', () => {
  const ARENA = 512;
  /** Sixteenths of the arena, of which most accesses keep to those of their value. */
  const accesses = fc.record({ value: fc.nat(11), offset: fc.nat(33), bytes: fc.nat(7), moved: fc.nat(29) });
  const accessOf = ({ value, offset, bytes, moved }: { value: number; offset: number; bytes: number; moved: number }): Access => ({
    name: `v${value}`,
    value,
    offset: moved === 0 ? offset * 16 : ((value * 37) % 25) * 16,
    bytes: moved === 1 ? bytes * 16 : value === 10 ? 0 : 16 * (1 + (value % 7)),
  });
  const plans = fc.record({
    given: fc.uniqueArray(accesses, { maxLength: 4, selector: ({ value }) => value }),
    steps: fc.array(
      fc.record({ reads: fc.array(fc.nat(99), { maxLength: 2 }), out: accesses, scratch: fc.option(accesses), inPlace: fc.boolean() }),
      { maxLength: 12 },
    ),
    taken: fc.array(fc.nat(99), { maxLength: 3 }),
  });

  test('lets through what a look at everything lets through, and nothing else', () => {
    const verdicts = { sound: 0, unsound: 0 };
    fc.assert(
      fc.property(plans, (made) => {
        const given = made.given.map(accessOf);
        const written = [...given];
        const recent = (i: number): Access[] =>
          written.length > 0 ? [{ ...written[written.length - 1 - (i % Math.min(written.length, 5))] }] : [];
        const steps = made.steps.map(({ reads, out, scratch, inPlace }): Step => {
          const read = reads.flatMap(recent);
          const write = inPlace && read[0] ? { ...read[0], name: 'out', value: out.value } : accessOf(out);
          const writes = scratch ? [write, { ...accessOf(scratch), value: undefined }] : [write];
          written.push(write);
          return { reads: read, writes, inPlace: inPlace ? read[0] : undefined };
        });
        const taken = made.taken.flatMap(recent);
        const sound = isSound(steps, given, taken, ARENA);
        verdicts[sound ? 'sound' : 'unsound']++;
        const check = () => checkPlan(steps, given, taken, ARENA);
        if (sound) expect(check).not.toThrow();
        else expect(check).toThrow(expect.objectContaining({ code: 'format' }));
      }),
      { numRuns: 4000 },
    );
    expect(Math.min(verdicts.sound, verdicts.unsound)).toBeGreaterThan(400);
  });

  test.skipIf(!isMainThread)('takes two hundred thousand values that are all needed to the end', () => {
    const at = (value: number): Access => ({ name: `v${value}`, value, offset: 64 * value, bytes: 64 });
    const MANY = 200_000;
    const steps = Array.from({ length: MANY }, (_, i): Step => ({ reads: [at(i)], writes: [at(i + 1)] }));
    const taken = steps.map(({ writes: [out] }) => out);
    checkPlan(steps, [at(0)], taken, 64 * (MANY + 1));
    steps[MANY - 1].writes.push({ name: 'scratch', offset: 64, bytes: 64 });
    expect(() => checkPlan(steps, [at(0)], taken, 64 * (MANY + 1))).toThrow(/output: v1: expected a value that is still in the arena/);
  });
});
