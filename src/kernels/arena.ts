import { extendMemory, growMemory } from './binaries.ts';

/** A stretch of a memory, in bytes. */
export interface Region {
  base: number;
  room: number;
}

const WHAT = 'memory for the trace';

/**
 * Where the activations of an instance lie. Alone in its memory, the last thing there, it grows with it. Where several share a memory, each
 * has a region that it got by growing the memory, which is atomic, and gets one twice as large when that is too small: what
 * is left behind stays below what is in use.
 */
export class Arena {
  readonly #memory: WebAssembly.Memory;
  readonly #alone: boolean;
  #region: Region;

  constructor(memory: WebAssembly.Memory, region: Region, alone: boolean) {
    this.#memory = memory;
    this.#region = region;
    this.#alone = alone;
  }

  get base(): number {
    return this.#region.base;
  }

  get region(): Region {
    return this.#region;
  }

  /** Makes room for so many bytes; answers whether the arena is elsewhere now. Throws a `memory` error. */
  reserve(bytes: number): boolean {
    if (this.#alone) growMemory(this.#memory, this.base + bytes, WHAT);
    if (this.#alone || bytes <= this.#region.room) return false;
    const enough = Math.max(bytes, 2 * this.#region.room);
    try {
      this.#region = { base: extendMemory(this.#memory, enough, WHAT), room: enough };
    } catch {
      this.#region = { base: extendMemory(this.#memory, bytes, WHAT), room: bytes };
    }
    return true;
  }

  /** Leaves the region to another arena of the same memory. */
  give(): Region {
    const given = this.#region;
    this.#region = { ...given, room: 0 };
    return given;
  }
}
