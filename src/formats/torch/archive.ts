import { TraceletError } from '../../base/error.ts';
import { TextDecoder } from '../../base/globals.ts';
import { describe } from '../../base/json.ts';
import { faultOf } from './fault.ts';
import { bytesOfElement, type Storage } from './storage.ts';
import type { FindStorage } from './vocabulary.ts';
import { Zip } from './zip.ts';

const NEWEST_VERSION = 10;
const AGAIN = 'Save the weights of the model that it was made from in Python: torch.save(model.state_dict(), path)';

/** What to do with weights that are no program. */
export const CHECKPOINT = 'Its weights are read by from_pretrained of a model, or by openCheckpoint';

/** What zip files PyTorch writes, by the records that they have; the first whose records are there counts. */
const KINDS: readonly { kind: ArchiveKind; what: string; cure: string; has(names: readonly string[]): boolean }[] = [
  {
    kind: 'exported',
    what: 'a program of torch.export',
    cure: 'jit.load(path) traces it. Or save its weights in Python: torch.save(torch.export.load(path).state_dict, "pytorch_model.bin")',
    has: (names) => names.includes('archive_format') || names.includes('serialized_exported_program.json'),
  },
  {
    kind: 'script',
    what: 'a TorchScript archive',
    cure: 'jit.load(path) traces it. Or save its weights in Python: torch.save(torch.jit.load(path).state_dict(), "pytorch_model.bin")',
    has: (names) => names.includes('model.json') || (names.includes('constants.pkl') && names.some((name) => name.startsWith('code/'))),
  },
  { kind: 'lite', what: 'an archive for mobile devices', cure: AGAIN, has: (names) => names.includes('bytecode.pkl') },
  { kind: 'pickle', what: 'a file of torch.save', cure: CHECKPOINT, has: (names) => names.includes('data.pkl') },
];

export type ArchiveKind = 'exported' | 'script' | 'lite' | 'pickle';

/** A zip file as PyTorch writes them: records within one folder. */
export class Archive {
  readonly name: string;
  /** Names of all that is in it. */
  readonly records: readonly string[];
  readonly #zip: Zip;
  readonly #root: string;
  readonly #kind: (typeof KINDS)[number];

  /** Throws `format` errors that call it `name`, also for zip files of others. */
  constructor(bytes: Uint8Array, name: string) {
    this.name = name;
    this.#zip = new Zip(bytes, name);
    const { names } = this.#zip;
    const [root] = /^[^/]*\//.exec(names[0] ?? '') ?? [''];
    this.#root = names.every((each) => each.startsWith(root)) ? root : '';
    this.records = names.map((each) => each.slice(this.#root.length));
    const kind = KINDS.find(({ has }) => has(this.records));
    if (!kind)
      throw faultOf(name)('an archive of PyTorch', names.length > 0 ? `a zip file with ${describe(names[0])}` : 'an empty zip file');
    this.#kind = kind;
  }

  get kind(): ArchiveKind {
    return this.#kind.kind;
  }

  /**
   * Throws `unsupported` errors for archives of another kind and byte order, `version` errors for those of later versions. Exported programs say
   * theirs themselves.
   */
  expect(wanted: ArchiveKind): void {
    const { what, cure, kind } = this.#kind;
    const expected = KINDS.find((each) => each.kind === wanted)?.what;
    if (kind !== wanted) throw new TraceletError('unsupported', { what: this.name, expected, got: what, cure });
    const order = this.#text('byteorder') ?? 'little';
    if (order !== 'little')
      throw new TraceletError('unsupported', { what: this.name, expected: 'little-endian numbers', got: describe(order), cure: AGAIN });
    if (kind === 'exported') return;
    const version = this.#text('version') ?? this.#text('.data/version') ?? '1';
    if (/^\d+$/.test(version) && Number(version) >= 1 && Number(version) <= NEWEST_VERSION) return;
    throw new TraceletError('version', {
      what: this.name,
      expected: `an archive of version 1 to ${NEWEST_VERSION}`,
      got: describe(version),
      cure: 'Save it with an older PyTorch',
    });
  }

  /** Bytes of a record; undefined where there is none. */
  sizeOf(record: string): number | undefined {
    return this.#zip.sizeOf(this.#root + record);
  }

  /** A record that is there; `checked` compares its CRC. */
  read(record: string, options: { checked?: boolean } = {}): Uint8Array {
    return this.#zip.read(this.#root + record, options);
  }

  /** The storages that pickles name, which are records of `folder`; `checked` compares their CRCs. */
  storages(folder: string, options: { checked?: boolean } = {}): FindStorage {
    const known = new Map<string, Storage>();
    return (key, dtype, length, fault) => {
      const record = `${folder}/${key}`;
      const [size, wanted] = [this.sizeOf(record), length * bytesOfElement(dtype)];
      if (size !== wanted) throw fault(`${wanted} bytes in ${describe(record)}`, size === undefined ? 'no such record' : `${size}`);
      const storage = known.get(`${dtype} ${key}`) ?? { key, dtype, length, read: () => this.read(record, options) };
      known.set(`${dtype} ${key}`, storage);
      return storage;
    };
  }

  #text(record: string): string | undefined {
    if (this.sizeOf(record) === undefined) return undefined;
    return new TextDecoder().decode(this.read(record, { checked: true }).subarray(0, LONGEST_TEXT)).trim();
  }
}

const LONGEST_TEXT = 64;
