import { TraceletError } from '../base/error.ts';
import { isObject, type JsonObject, parseObject } from '../base/json.ts';
import { checkOptions, type OptionTable } from '../base/options.ts';
import { archiveIn, isArchive, openArchive } from '../formats/archive.ts';
import { openFile, SOURCE_OPTIONS, type SourceOptions, splitOptions, textOf } from '../sources/folder.ts';
import { isWeights, type Place, placeOf } from '../sources/place.ts';
import type { ConfigClass, PreTrainedConfig } from './config.ts';
import { amendmentsIn, fromDict } from './contents.ts';
import { optionsFor } from './fields.ts';
import { cureOfForeign, FOREIGN } from './foreign.ts';

/** How contents choose their class. */
export type ChooseConfig<C extends PreTrainedConfig> = (dict: JsonObject, what: string) => Promise<ConfigClass<C>>;

/** The configuration at `source`, of a class or of the one that its contents choose. */
export async function readConfig<C extends PreTrainedConfig>(
  what: string,
  source: string | URL,
  options: object,
  wanted: ConfigClass<C> | ChooseConfig<C>,
): Promise<C> {
  const proveOptions = ({ schema }: ConfigClass): object =>
    checkOptions(what, options, { ...SOURCE_OPTIONS, ...optionsFor(schema), ...FOREIGN } as unknown as OptionTable<object>, cureOfForeign);
  if ('schema' in wanted) proveOptions(wanted);
  const reading = readingIn(what, options);
  reading.signal?.throwIfAborted();
  const place = await placeOf(source, reading);
  const [text, at] = await configAt(place, reading);
  if (text === undefined)
    throw new TraceletError('source', {
      what: `configuration of ${source}`,
      expected: `the file ${at}`,
      got: 'none',
      cure: place.folder.cure,
    });
  const dict = parseObject(text, at);
  const Config = 'schema' in wanted ? wanted : await wanted(dict, at);
  return fromDict(Config, dict, amendmentsIn(Config.schema, proveOptions(Config)), at, reading.onwarn);
}

/** The options of reading among others, proved. */
export function readingIn(what: string, options: object | null | undefined): SourceOptions {
  if (!isObject(options)) return checkOptions<SourceOptions>(what, options, SOURCE_OPTIONS);
  return checkOptions<SourceOptions>(what, splitOptions(options as SourceOptions)[0], SOURCE_OPTIONS);
}

/** The text of the configuration that a place stands for, and what messages call it. */
export async function configAt({ folder, file }: Place, reading: SourceOptions): Promise<[text: string | undefined, what: string]> {
  if (file !== undefined && !isModelFile(file)) return [await textOf(folder, file), folder.at(file)];
  const home = file === undefined || !isArchive(file) ? folder : await openArchive(await openFile(folder, file), reading);
  const text = await textOf(home, FILE);
  if (text !== undefined || file !== undefined) return [text, home.at(FILE)];
  const archive = await archiveIn(folder, reading);
  return [archive && (await textOf(archive, FILE)), (archive ?? folder).at(FILE)];
}

const FILE = 'config.json';
const isModelFile = (file: string): boolean => isArchive(file) || isWeights(file);
