import { decodeUtf8 } from '../base/decode.ts';
import { TraceletError } from '../base/error.ts';
import { Archive, type ArchiveKind, CHECKPOINT } from '../formats/torch/archive.ts';
import { faultOf } from '../formats/torch/fault.ts';
import { List } from '../formats/torch/machine.ts';
import { refuseOthers } from '../formats/torch/others.ts';
import { Strided } from '../formats/torch/storage.ts';
import { MODEL, readModel } from './modeljson.ts';
import { readObject } from './objects.ts';
import { Program } from './program.ts';
import { ScriptObject } from './values.ts';

const EXTRA = 'extra/';
const CODE = /^(code|libs)\/.*\.py$/;
const MOST_CODE = 64 * 2 ** 20;

/** What an archive of torch.jit.save holds. */
export interface ScriptArchive {
  readonly name: string;
  readonly program: Program;
  /** The module that was saved. */
  readonly root: ScriptObject;
  /** `CONSTANTS.cN` */
  readonly constants: readonly unknown[];
  /** The inputs that the module was traced with, where the archive says so. Their elements are gone. */
  readonly traced?: readonly Strided[];
  /** `_extra_files` by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Files of printed code. */
  readonly code: readonly string[];
  /** Whether tracing wrote sizes of the inputs into the code, as PyTorch did up to 1.3. */
  readonly baked: boolean;
}

/**
 * Reads an archive of torch.jit.save, of any version. Nothing in it is run. Throws `format` errors for what is damaged or hostile, `unsupported` and
 * `version` ones for other files of PyTorch.
 */
export function readScript(archive: Archive): ScriptArchive {
  archive.expect('script');
  const { name, records } = archive;
  const code = records.filter((record) => CODE.test(record));
  const size = code.reduce((sum, record) => sum + (archive.sizeOf(record) as number), 0);
  if (size > MOST_CODE) throw faultOf(name)(`at most ${MOST_CODE} bytes of code`, `${size}`);
  const program = new Program((record) => (archive.sizeOf(record) === undefined ? undefined : textOf(archive, record)));
  const files = records.filter((record) => record.startsWith(EXTRA) && record !== EXTRA);
  return {
    name,
    program,
    code,
    files: new Map(files.map((record) => [record.slice(EXTRA.length), archive.read(record, { checked: true })])),
    ...(records.includes(MODEL) ? readModel(archive, program) : readPickles(archive)),
  };
}

function textOf(archive: Archive, record: string): string {
  const text = decodeUtf8(archive.read(record, { checked: true }));
  if (text === undefined) throw faultOf(`${record} of ${archive.name}`)('text in UTF-8', 'other bytes');
  return text;
}

function readPickles(archive: Archive): Pick<ScriptArchive, 'root' | 'constants' | 'traced' | 'baked'> {
  const fault = faultOf(archive.name);
  const root = readObject(archive, 'data.pkl', archive.storages('data', { checked: true }));
  if (!(root instanceof ScriptObject)) throw fault('a module in data.pkl', root === undefined ? 'no such record' : 'something else');
  const constants = readObject(archive, 'constants.pkl', archive.storages('constants', { checked: true })) ?? [];
  if (!Array.isArray(constants)) throw fault('a tuple in constants.pkl', 'something else');
  return { root, constants, traced: readTraced(archive), baked: false };
}

/** The inputs of `forward` that were traced; storages of theirs are empty. */
function readTraced(archive: Archive): readonly Strided[] | undefined {
  const inputs = readObject(archive, 'traced_inputs.pkl', (key, dtype, length, fault) => ({
    key,
    dtype,
    length,
    read: () => {
      throw fault('elements of inputs', 'none');
    },
  }));
  const given = inputs instanceof Map ? inputs.get('forward') : undefined;
  const items = given instanceof List ? given.items : Array.isArray(given) ? given : [];
  return items.length > 0 && items.every((item): item is Strided => item instanceof Strided) ? items : undefined;
}

const PICKLE = 0x80;

/** Opens the zip file in `bytes`, which holds a program. Throws `format` errors for what is damaged, `unsupported` ones for other files of PyTorch. */
export function openArchive(bytes: Uint8Array, name: string): Archive {
  refuseOthers(bytes, name);
  if (bytes[0] === PICKLE)
    throw new TraceletError('unsupported', { what: name, expected: 'a program of PyTorch', got: 'a file of torch.save', cure: CHECKPOINT });
  const archive = new Archive(bytes, name);
  if (archive.kind !== 'exported') archive.expect('script');
  return archive;
}

/** What a file is by its records; undefined for one that is no zip file of PyTorch. */
export function kindOf(bytes: Uint8Array): ArchiveKind | undefined {
  try {
    return new Archive(bytes, 'archive').kind;
  } catch {
    return undefined;
  }
}
