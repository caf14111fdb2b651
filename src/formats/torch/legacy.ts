import { TraceletError } from '../../base/error.ts';
import { describe } from '../../base/json.ts';
import { type Fault, faultOf } from './fault.ts';
import { kindOf, List } from './machine.ts';
import { unpickle } from './pickle.ts';
import { type AnyDType, bytesOfElement, type Storage } from './storage.ts';
import { vocabularyOf } from './vocabulary.ts';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
const COUNT_BYTES = 8;

interface Stored extends Storage {
  bytes?: Uint8Array;
}

/** Storages that the pickle names, and whose bytes come behind it. */
class Storages {
  readonly #stored = new Map<string, Stored>();

  /** The storage of a key: the same whenever it is named. */
  find(key: string, dtype: AnyDType, length: number, fault: Fault): Storage {
    const known = this.#stored.get(key);
    if (known && (known.dtype !== dtype || known.length !== length))
      throw fault(`${known.length} of ${known.dtype} in storage ${describe(key)}`, `${length} of ${dtype}`);
    const storage: Stored = known ?? { key, dtype, length, read: () => storage.bytes as Uint8Array };
    this.#stored.set(key, storage);
    return storage;
  }

  /** Gives storages their bytes, in the order of `keys`. Answers where the last ends. */
  fill(keys: readonly unknown[], file: Uint8Array, begin: number, { own, name }: { own: boolean; name: string }): number {
    let at = begin;
    const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    for (const key of keys) {
      const fault = faultOf(`storage ${describe(key)} of ${name}`);
      const storage = this.#stored.get(key as string);
      if (!storage || storage.bytes) throw fault('a storage that the pickle names, once', storage ? 'it twice' : 'another');
      const size = storage.length * bytesOfElement(storage.dtype);
      if (COUNT_BYTES + size > file.length - at)
        throw fault(`${COUNT_BYTES + size} bytes`, `${file.length - at} up to the end of the file`);
      const count = view.getBigInt64(at, true);
      if (count !== BigInt(storage.length)) throw fault(`${storage.length} elements, as the pickle says`, `${count}`);
      const place = at + COUNT_BYTES;
      at = place + size;
      storage.bytes = own ? moved(file, place, at, bytesOfElement(storage.dtype)) : file.subarray(place, at);
    }
    for (const { key, bytes } of this.#stored.values())
      if (!bytes) throw faultOf(name)(`storage ${describe(key)} behind the pickles`, 'none');
    return at;
  }
}

/** Bytes where their elements are aligned: a few bytes before, over the count that was read. */
function moved(file: Uint8Array, begin: number, end: number, alignment: number): Uint8Array {
  const to = begin - ((file.byteOffset + begin) % Math.min(alignment, COUNT_BYTES));
  if (to !== begin) file.copyWithin(to, begin, end);
  return file.subarray(to, to + end - begin);
}

/**
 * The object in a file of torch.save before PyTorch 1.6: pickles, then storages. `own` bytes may be written to. Throws `format` errors that call
 * it `name`.
 */
export function readLegacy(file: Uint8Array, { own, name }: { own: boolean; name: string }): unknown {
  const storages = new Storages();
  const vocabulary = vocabularyOf((...asked) => storages.find(...asked));
  const fault = faultOf(name);
  let at = 0;
  const next = (what: string): unknown => {
    const { value, end } = unpickle(file, at, vocabulary, `${what} of ${name}`);
    at = end;
    return value;
  };
  if (next('first pickle') !== MAGIC) throw fault('a file of torch.save', 'a pickle of something else');
  const protocol = next('protocol');
  if (protocol !== PROTOCOL) throw fault(`protocol ${PROTOCOL}`, kindOf(protocol));
  const system = next('system');
  if (!(system instanceof Map)) throw fault('a dict of the system', kindOf(system));
  if (system.get('little_endian') === false)
    throw new TraceletError('unsupported', {
      what: name,
      expected: 'little-endian numbers',
      got: 'others',
      cure: 'Save it on another machine',
    });
  const value = next('object');
  const keys = next('list of storages');
  if (!(keys instanceof List)) throw fault('a list of storages', kindOf(keys));
  const end = storages.fill(keys.items, file, at, { own, name });
  if (end !== file.length) throw fault(`${end} bytes`, `${file.length - end} more behind the last storage`);
  return value;
}
