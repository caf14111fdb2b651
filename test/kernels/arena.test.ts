import { describe, expect, test } from 'vitest';
import { Arena } from '../../src/kernels/arena.ts';
import { problem } from '../support/tiny.ts';

const PAGE = 65536;
const pages = (memory: WebAssembly.Memory): number => memory.buffer.byteLength / PAGE;

describe('an arena alone in its memory', () => {
  test('grows with it where it is, as far as it has to', () => {
    const memory = new WebAssembly.Memory({ initial: 2 });
    const arena = new Arena(memory, { base: PAGE, room: 10 }, true);
    for (const [bytes, size] of [
      [0, 2],
      [PAGE, 2],
      [PAGE + 1, 3],
      [10, 3],
      [3 * PAGE, 4],
    ]) {
      expect(arena.reserve(bytes)).toBe(false);
      expect([arena.base, pages(memory)]).toEqual([PAGE, size]);
    }
  });

  test('says that there is no more', async () => {
    const arena = new Arena(new WebAssembly.Memory({ initial: 1, maximum: 2 }), { base: 0, room: PAGE }, true);
    const { message } = await problem('memory', () => arena.reserve(2 * PAGE + 1));
    expect(message).toMatch(/^memory for the trace: expected 0\.1 MiB of wasm memory/);
  });
});

describe('an arena among others', () => {
  test('stays while it has room, and then moves behind them to a region twice as large', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const arena = new Arena(memory, { base: 100, room: 1000 }, false);
    expect(arena.reserve(1000)).toBe(false);
    expect([arena.region, pages(memory)]).toEqual([{ base: 100, room: 1000 }, 1]);
    expect(arena.reserve(1001)).toBe(true);
    expect([arena.region, arena.base, pages(memory)]).toEqual([{ base: PAGE, room: 2000 }, PAGE, 2]);
    const other = new Arena(memory, { base: 0, room: 0 }, false);
    expect(other.reserve(1)).toBe(true);
    expect(arena.reserve(3 * PAGE)).toBe(true);
    expect([other.region, arena.region, pages(memory)]).toEqual([{ base: 2 * PAGE, room: 1 }, { base: 3 * PAGE, room: 3 * PAGE }, 6]);
  });

  test('is content with what it needs where there is not twice as much', async () => {
    const arena = new Arena(new WebAssembly.Memory({ initial: 1, maximum: 4 }), { base: 0, room: 2 * PAGE }, false);
    expect(arena.reserve(2 * PAGE + 1)).toBe(true);
    expect(arena.region).toEqual({ base: PAGE, room: 2 * PAGE + 1 });
    await problem('memory', () => arena.reserve(2 * PAGE + 2));
    expect(arena.region).toEqual({ base: PAGE, room: 2 * PAGE + 1 });
  });

  test('leaves its region to another', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const arena = new Arena(memory, { base: 64, room: 1000 }, false);
    const other = new Arena(memory, arena.give(), false);
    expect([other.region, arena.region]).toEqual([
      { base: 64, room: 1000 },
      { base: 64, room: 0 },
    ]);
    expect([other.reserve(1000), arena.reserve(0), arena.reserve(1)]).toEqual([false, false, true]);
  });
});
