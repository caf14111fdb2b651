import { decodeUtf8 } from '../../base/decode.ts';
import { TraceletError } from '../../base/error.ts';
import { describe, parseJson } from '../../base/json.ts';
import type { Archive } from '../../formats/torch/archive.ts';
import { readStateDict } from '../../formats/torch/checkpoint.ts';
import { type Fault, faultOf } from '../../formats/torch/fault.ts';
import { bytesOfElement, Region, type Storage, Strided } from '../../formats/torch/storage.ts';
import type { RawTensor } from '../../formats/torch/tensors.ts';
import type { StoredTensors } from '../tensors.ts';
import { dtypeOf, Json, sizeOf } from './schema.ts';

/** The program of an archive of torch.export.save, and its tensors by name. */
export interface Container {
  readonly name: string;
  /** The record of the program. */
  readonly record: string;
  readonly program: Json;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The tensor of a name; undefined where there is none. */
  tensor(name: string): RawTensor | undefined;
}

/** Of PyTorch before 2.8. */
const FLAT = 'serialized_exported_program.json';
const FLAT_TENSORS = ['serialized_state_dict.pt', 'serialized_state_dict.json', 'serialized_constants.pt', 'serialized_constants.json'];
const MODEL = /^models\/([^/]+)\.json$/;
const EXTRA = 'extra/';
const COMPILED = 'data/aotinductor/';
const SCHEMAS = { first: 5, last: 8 };

/** Finds program and tensors in either layout. Throws `format`, `unsupported` and `version` errors. */
export function openContainer(archive: Archive, tensors: StoredTensors): Container {
  archive.expect('exported');
  const { records, name } = archive;
  if (records.some((record) => record.startsWith(COMPILED)))
    throw new TraceletError('unsupported', {
      what: name,
      expected: 'a program of torch.export',
      got: 'one that was compiled for a machine',
      cure: 'Save it before it is compiled: torch.export.save(program, path)',
    });
  const record = records.includes(FLAT) ? FLAT : modelIn(records, name);
  const program = jsonOf(archive, record);
  checkSchema(program, name);
  const [, model] = MODEL.exec(record) ?? [];
  const find = model === undefined ? flatTensors(archive) : tensorsOf(archive, model, tensors);
  const files = records.filter((each) => each.startsWith(EXTRA) && each !== EXTRA);
  return {
    name,
    record,
    program,
    files: new Map(files.map((each) => [each.slice(EXTRA.length), archive.read(each, { checked: true })])),
    tensor: find,
  };
}

/** The one program in an archive, or that of the usual name. */
function modelIn(records: readonly string[], name: string): string {
  const models = records.filter((record) => MODEL.test(record));
  const usual = models.length === 1 ? models[0] : models.find((record) => record === 'models/model.json');
  if (usual !== undefined) return usual;
  throw faultOf(name)('one program under models/', models.length > 0 ? models.join(', ') : 'none');
}

function jsonOf(archive: Archive, record: string): Json {
  const what = `${record} of ${archive.name}`;
  const text = decodeUtf8(archive.read(record, { checked: true }));
  if (text === undefined) throw faultOf(what)('text in UTF-8', 'other bytes');
  return new Json(parseJson(text, what), faultOf(what));
}

function checkSchema(program: Json, what: string): void {
  const { first, last } = SCHEMAS;
  const major = program.object('schema_version').raw('major');
  if (typeof major === 'number' && major >= first && major <= last) return;
  throw new TraceletError('version', {
    what,
    expected: `a program whose schema_version is ${first} to ${last}`,
    got: describe(major),
    cure: 'Export it again with PyTorch 2.3 to 2.15',
  });
}

/** Before 2.8, tensors are two files of torch.save within the archive. */
function flatTensors(archive: Archive): Container['tensor'] {
  const known = FLAT_TENSORS.filter((record) => (archive.sizeOf(record) ?? 0) > 0).map((record) =>
    readStateDict(archive.read(record, { checked: true }), { name: `${record} of ${archive.name}`, own: false }),
  );
  return (name) => known.find((tensors) => tensors.has(name))?.get(name);
}

/** From 2.8 on, a file says where the bytes of each tensor lie. */
function tensorsOf(archive: Archive, model: string, tensors: StoredTensors): Container['tensor'] {
  const known = new Map<string, RawTensor | (() => RawTensor)>();
  const storages = new Map<string, Storage>();
  for (const kind of ['weights', 'constants']) {
    const folder = `data/${kind}/`;
    for (const [name, raw] of pickledIn(archive, `${folder}${model}.pt`)) known.set(name, raw);
    const record = `${folder}${model}_${kind}_config.json`;
    if (archive.sizeOf(record) === undefined) continue;
    const config = jsonOf(archive, record).object('config');
    for (const name of config.keys) {
      const entry = config.object(name);
      known.set(name, () => tensors.raw(stridedOf(archive, folder, entry, storages), name));
    }
  }
  return (name) => {
    const found = known.get(name);
    return typeof found === 'function' ? found() : found;
  };
}

const pickledIn = (archive: Archive, record: string): Iterable<[string, RawTensor]> =>
  archive.sizeOf(record) === undefined
    ? []
    : readStateDict(archive.read(record, { checked: true }), { name: `${record} of ${archive.name}`, own: false });

function stridedOf(archive: Archive, folder: string, entry: Json, storages: Map<string, Storage>): Strided {
  if (entry.raw('use_pickle') === true)
    throw new TraceletError('unsupported', { what: archive.name, expected: 'tensors as plain numbers', got: 'pickled ones' });
  const { fault } = entry;
  const meta = entry.object('tensor_meta');
  const record = folder + entry.text('path_name');
  const size = archive.sizeOf(record);
  if (size === undefined) throw fault(`the record ${describe(record)}`, 'none');
  const dtype = dtypeOf(meta.raw('dtype'), fault);
  const length = size / bytesOfElement(dtype);
  if (!Number.isInteger(length)) throw fault(`whole elements of ${dtype} in ${describe(record)}`, `${size} bytes`);
  const key = `${dtype} ${record}`;
  const storage = storages.get(key) ?? { key: record, dtype, length, read: () => archive.read(record, { checked: true }) };
  storages.set(key, storage);
  const [shape, strides] = ['sizes', 'strides'].map((name) => meta.list(name).map((each) => fixed(each, fault)));
  const offset = meta.has('storage_offset') ? fixed(meta.raw('storage_offset'), fault) : 0;
  return new Strided(new Region(storage, 0, length), offset, shape, strides, fault);
}

function fixed(value: unknown, fault: Fault): number {
  const size = sizeOf(value, fault);
  if (size === undefined) throw fault('a size that is a number', describe(value));
  return size;
}
