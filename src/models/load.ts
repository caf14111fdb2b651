import { TraceletError } from '../base/error.ts';
import { TextDecoder } from '../base/globals.ts';
import { isObject, type JsonObject, parseObject } from '../base/json.ts';
import { checkOptions, type OptionTable } from '../base/options.ts';
import { isUrl } from '../base/realm.ts';
import { FLAG } from '../base/schema.ts';
import { archiveOf } from '../formats/archive.ts';
import { type Checkpoint, type CheckpointSource, openCheckpoint, readCheckpoint } from '../formats/checkpoint.ts';
import { opsFor } from '../kernels/sets.ts';
import { SETS } from '../ops/sets.ts';
import { bytesOf, type Folder, SOURCE_OPTIONS, type SourceOptions, splitOptions, within } from '../sources/folder.ts';
import { placeOf } from '../sources/place.ts';
import { CONFIG, type ConfigClass, type PreTrainedConfig } from './config.ts';
import { readingIn } from './configfile.ts';
import { amendmentsIn, fromDict } from './contents.ts';
import { optionsFor } from './fields.ts';
import { cureOfForeign, FOREIGN, type Wanted } from './foreign.ts';
import type { Beside, ModelClass, PreTrainedModel, PreTrainedOptions } from './pretrained.ts';
import { assignWeights } from './weights.ts';

/** Where a model's files are. */
export interface Home {
  /** Absent where the source is bytes that hold no files. */
  folder?: Folder;
  /** The files in it, each asked for once. */
  beside: Beside;
  /** What was read already, because the source is one file. */
  checkpoint?: Checkpoint;
  /** Whether the folder is an archive, which holds the weights of all parts. */
  archived?: boolean;
}

const homeIn = (folder: Folder | undefined, checkpoint?: Checkpoint): Home => {
  const archive = checkpoint && archiveOf(checkpoint);
  const files = archive ?? folder;
  return { folder: files, beside: filesIn(files), checkpoint, archived: archive !== undefined };
};

/** A source's files. What is one file is read at once. */
export async function openHome(source: CheckpointSource, reading: SourceOptions): Promise<Home> {
  reading.signal?.throwIfAborted();
  const place = typeof source === 'string' || isUrl(source) ? await placeOf(source, reading) : undefined;
  if (place && place.file === undefined) return homeIn(place.folder);
  const checkpoint = await (place ? readCheckpoint(place, reading) : openCheckpoint(source, reading));
  return homeIn(place?.folder, checkpoint);
}

/** The files of a folder, each read once. */
function filesIn(folder: Folder | undefined): Beside {
  const known = new Map<string, Promise<Uint8Array | undefined>>();
  const bytes = (name: string) => {
    const found = known.get(name) ?? Promise.resolve(folder && bytesOf(folder, name));
    known.set(name, found);
    return found;
  };
  return {
    bytes,
    async text(name) {
      const found = await bytes(name);
      return found && new TextDecoder().decode(found);
    },
  };
}

/** A home with its checkpoint. Where that is an archive, what lies in it counts. */
async function withCheckpoint(home: Home, path: string, reading: SourceOptions): Promise<Home & { checkpoint: Checkpoint }> {
  if (home.checkpoint) return home as Home & { checkpoint: Checkpoint };
  const folder = home.folder as Folder;
  const checkpoint = await readCheckpoint({ folder: path ? within(folder, path) : folder }, reading);
  return archiveOf(checkpoint) ? { ...homeIn(folder, checkpoint), checkpoint } : { ...home, checkpoint };
}

/** A home whose config.json can be read: that of an archive, where there is none beside it. */
export async function described(home: Home, reading: SourceOptions): Promise<Home> {
  return home.checkpoint || (await home.beside.text(CONFIG_FILE)) !== undefined ? home : withCheckpoint(home, '', reading);
}

const CONFIG_FILE = 'config.json';

/** What config.json says, and what messages call it. */
export async function dictOf({ folder, beside, checkpoint }: Home, path = ''): Promise<{ dict: JsonObject; what: string }> {
  const text = await beside.text(path ? `${path}/${CONFIG_FILE}` : CONFIG_FILE);
  const what = `${CONFIG_FILE} of ${checkpoint?.name ?? folder?.name}`;
  if (text !== undefined) return { dict: parseObject(text, what), what };
  if (folder)
    throw new TraceletError('source', {
      what,
      expected: (path ? within(folder, path) : folder).at(CONFIG_FILE),
      got: 'none',
      cure: folder.cure ?? 'Pass { config }',
    });
  throw new TraceletError('config', {
    what: 'from_pretrained without a path',
    expected: '{ config }',
    got: 'none',
    cure: 'Pass a configuration',
  });
}

const nameOf = (model: object): string => `${(model as { name: string }).name}.from_pretrained`;

/** The configuration among options. */
export const configIn = (what: string, options: object): PreTrainedConfig | undefined =>
  isObject(options)
    ? checkOptions<PreTrainedOptions>(what, { config: options.config } as PreTrainedOptions, OWN as never).config
    : undefined;

const OWN = { config: CONFIG, strict: FLAG };
type Options = Readonly<Record<string, unknown>>;

/** The options of `from_pretrained` by what they are for. Throws `value` errors for those that are for nothing. */
function sortOptions(model: ModelClass<PreTrainedModel>, Config: ConfigClass, options: Options) {
  const { schema } = Config;
  const what = nameOf(model);
  const table = {
    ...SOURCE_OPTIONS,
    ...optionsFor(schema),
    ...FOREIGN,
    ...OWN,
    ...model.OPTIONS,
  } as unknown as OptionTable<PreTrainedOptions>;
  const [reading, { config, strict, dtype, torch_dtype, ...others }] = splitOptions<PreTrainedOptions>(
    checkOptions<PreTrainedOptions>(what, options as PreTrainedOptions, table, cureOfForeign),
  );
  const wanted = dtypeIn(what, dtype as Wanted, torch_dtype as Wanted);
  const amendments = amendmentsIn(schema, others);
  const [field] = Object.keys(amendments);
  if (config && field !== undefined)
    throw new TraceletError('value', {
      what: `${what}: option ${field}`,
      expected: 'fields of the config, or a config',
      got: 'both',
      cure: `Make the config with ${field}`,
    });
  const built = Object.fromEntries(Object.entries(others).filter(([name]) => Object.hasOwn(model.OPTIONS, name)));
  const storedAs = wanted === 'auto' ? undefined : wanted;
  return { reading, strict, built, amendments: config || !storedAs ? amendments : { ...amendments, dtype: storedAs }, storedAs };
}

/** The one of both spellings that is given. */
function dtypeIn(what: string, dtype: Wanted | undefined, torch_dtype: Wanted | undefined): Wanted | undefined {
  if (dtype === undefined || torch_dtype === undefined || dtype === torch_dtype) return dtype ?? torch_dtype;
  throw new TraceletError('value', { what, expected: 'dtype or torch_dtype', got: `${dtype} and ${torch_dtype}` });
}

/** {@link PreTrainedModel.from_pretrained} of a class. */
export async function loadPretrained<M extends PreTrainedModel, Built>(
  model: ModelClass<M, Built>,
  source: CheckpointSource,
  options: object,
): Promise<M> {
  const any = model as unknown as ModelClass<PreTrainedModel>;
  if (model.family) sortOptions(any, model.family.Config, options as Options);
  const reading = readingIn(nameOf(any), options);
  return (await loadFrom(any, await openHome(source, reading), options)) as M;
}

/** A model of a class with the weights of a home. */
export async function loadFrom(model: ModelClass<PreTrainedModel>, opened: Home, options: object): Promise<PreTrainedModel> {
  const what = nameOf(model);
  const reading = readingIn(what, options);
  const given = configIn(what, options);
  const path = opened.checkpoint ? '' : await model.encoder_path(opened.beside);
  const home = await withCheckpoint(opened, path, reading);
  const { dict, what: origin } = given ? { dict: {}, what } : await dictOf(home, home.archived ? '' : path);
  const Config = given ? (given.constructor as unknown as ConfigClass) : await model.config_class(dict, origin);
  const { strict = true, built, amendments, storedAs } = sortOptions(model, Config, options as Options);
  const config = given ?? fromDict(Config, dict, amendments, origin, reading.onwarn);
  if (config.is_decoder) await opsFor(SETS.families);
  const made = new model(config, { ...(await model.options_beside(home.beside, config, home.checkpoint)), ...built });
  if (home.folder && !home.archived) await addFolders(home.checkpoint, home.folder, made.folders_beside(), reading);
  assignWeights(made, home.checkpoint, { strict, onwarn: reading.onwarn, storedAs });
  return made;
}

/** Adds the tensors of folders within a folder to a checkpoint that has none of theirs, each under the prefix of its folder. */
async function addFolders(
  checkpoint: Checkpoint,
  folder: Folder,
  paths: Readonly<Record<string, string>>,
  reading: SourceOptions,
): Promise<void> {
  const held = [...checkpoint.tensors.keys()];
  for (const [prefix, path] of Object.entries(paths)) {
    if (held.some((name) => name.startsWith(prefix))) continue;
    const part = await readCheckpoint({ folder: within(folder, path) }, reading);
    for (const [name, tensor] of part.tensors) checkpoint.tensors.set(prefix + name, tensor);
    checkpoint.halves = new Map([...(checkpoint.halves ?? []), ...(part.halves ?? [])]);
  }
}
