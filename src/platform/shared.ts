/** Pages that a memory of 4 GiB has: as far as any may grow. */
export const MOST_PAGES = 65536;

const IMPORTS = 2;
const MEMORY = 2;
/** Flags of limits that have a maximum, of a memory that threads share. */
const SHARED = 3;

/**
 * The same binary for a memory that threads share: what its memory import says of the memory is all that changes. Takes modules whose
 * imports are functions and memories.
 */
export function sharing(binary: Uint8Array): Uint8Array<ArrayBuffer> {
  const reader = new Reader(binary, 8);
  for (;;) {
    const begin = reader.at;
    const id = reader.byte();
    const size = reader.number();
    if (id !== IMPORTS) {
      reader.at += size;
      continue;
    }
    const body = sharedImports(reader);
    return Uint8Array.from([...binary.subarray(0, begin), IMPORTS, ...leb(body.length), ...body, ...binary.subarray(reader.at)]);
  }
}

function sharedImports(reader: Reader): number[] {
  const count = reader.number();
  const body = [...leb(count)];
  for (let i = 0; i < count; i++) {
    const begin = reader.at;
    for (let name = 0; name < 2; name++) {
      const length = reader.number();
      reader.at += length;
    }
    const kind = reader.byte();
    body.push(...reader.bytes.subarray(begin, reader.at));
    if (kind !== MEMORY) body.push(...leb(reader.number()));
    else {
      const bounded = reader.byte() & 1;
      body.push(SHARED, ...leb(reader.number()), ...leb(MOST_PAGES));
      if (bounded) reader.number();
    }
  }
  return body;
}

/** An unsigned number as LEB128. */
function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}

class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw new RangeError('a wasm binary that imports no memory');
    return this.bytes[this.at++];
  }

  /** The LEB128 number that comes next. */
  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }
}
