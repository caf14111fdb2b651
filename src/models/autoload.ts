import { TraceletError } from '../base/error.ts';
import type { JsonObject } from '../base/json.ts';
import type { CheckpointSource } from '../formats/checkpoint.ts';
import { isSentenceFolder } from '../sentence/config.ts';
import { filesRead } from '../tokenizer/filesread.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import type { AutoOptions } from './auto.ts';
import { chosenTokenizer } from './autotokenizer.ts';
import { classWith, nameOf, typeIn } from './classes.ts';
import { readingIn } from './configfile.ts';
import { ARCHITECTURES, type Architecture, architecture } from './index.ts';
import { configIn, described, dictOf, type Home, loadFrom, openHome } from './load.ts';
import type { PreTrainedModel } from './pretrained.ts';

/** What `from_pretrained` of the Auto class called `name` does: the model has the first of `heads` that its family has. */
export async function loadWithHead(name: string, heads: Heads, source: CheckpointSource, options: AutoOptions): Promise<PreTrainedModel> {
  const what = `${name}.from_pretrained`;
  const reading = readingIn(what, options);
  const given = configIn(what, options);
  const opened = await openHome(source, reading);
  const home = given ? opened : await described(opened, reading);
  return loadFrom(classWith(given?.model_type ?? (await typeOf(home)), ...heads), home, options);
}

/** Names of heads, the first that is wanted first. */
export type Heads = readonly [head: string, ...others: string[]];

async function typeOf(home: Home): Promise<string> {
  const { dict, what } = await dictOf(home);
  return typeIn(dict, what);
}

/** A model, and the name of its class. */
export interface Loaded {
  name: Architecture;
  model: PreTrainedModel;
  /** Makes the tokenizer that lies beside the weights; undefined where there is none. */
  tokenizer(): Promise<PreTrainedTokenizerFast | undefined>;
}

/**
 * The model at `source` as the class that it states: a SentenceEmbedder where modules.json makes vectors, else the first of `architectures`. Or as
 * `wanted`: the name of a class, or of a head that the family has.
 */
export async function loadModel(source: CheckpointSource, options: AutoOptions, wanted?: string): Promise<Loaded> {
  const reading = readingIn('loadModel', options);
  const opened = await openHome(source, reading);
  const isEmbedder = wanted === EMBEDDER || (wanted === undefined && (await isSentenceFolder(opened.beside.text)));
  const home = isEmbedder ? opened : await described(opened, reading);
  const name = isEmbedder ? EMBEDDER : await nameIn(home, wanted);
  const tokenizer = async () => {
    const files = await filesRead(home.beside.bytes);
    const config = async () => ({ text: await home.beside.text('config.json'), what: 'config.json' });
    return files && chosenTokenizer(files, {}, config);
  };
  return { name, model: await loadFrom(architecture(name), home, options), tokenizer };
}

const EMBEDDER = 'SentenceEmbedder';

async function nameIn(home: Home, wanted: string | undefined): Promise<Architecture> {
  if (wanted === undefined && (await isSentenceFolder(home.beside.text))) return EMBEDDER;
  const { dict, what } = await dictOf(home);
  if (wanted !== undefined && Object.hasOwn(ARCHITECTURES, wanted)) return wanted as Architecture;
  const type = typeIn(dict, what);
  if (wanted !== undefined) return nameOf(classWith(type, wanted)) as Architecture;
  return stated(dict, what);
}

function stated({ architectures }: JsonObject, what: string): Architecture {
  const name = Array.isArray(architectures) ? architectures[0] : undefined;
  if (name === undefined)
    throw new TraceletError('config', {
      what: `architectures in the ${what}`,
      expected: 'the name of an architecture',
      got: 'none',
      cure: STATE_ONE,
    });
  architecture(name);
  return name;
}

/** What can be done where no architecture is stated. */
export const STATE_ONE = 'Choose one, such as AutoModelForMaskedLM';
