import { parseSentence, readSentenceFiles, type SentenceConfig } from '../../sentence/config.ts';
import { FOLDER_KINDS, type FolderKind } from '../../sentence/kinds.ts';
import { TASKS } from '../../sentence/modules.ts';
import { supportedTokenizer } from '../../sentence/tokenizer.ts';
import { filesRead as tokenizerFiles } from '../../tokenizer/filesread.ts';
import { classWith, type FamilyClass } from '../classes.ts';
import { headsFor } from '../loaded.ts';
import type { Beside } from '../pretrained.ts';
import type { FolderOptions } from './chain.ts';
import { known } from './known.ts';

/** What the files beside a checkpoint say, if they are those of a folder of sentence-transformers of this kind. */
async function sentenceIn(beside: Beside, folder: FolderKind): Promise<SentenceConfig | undefined> {
  const files = await readSentenceFiles(beside.text, folder);
  const sentence = files && parseSentence(files, folder);
  return sentence && known(sentence);
}

const pathOf = (sentence: SentenceConfig | undefined): string => sentence?.modules[0].path ?? '';

/** The path of the encoder in a folder of this kind. */
export const encoderPath = async (beside: Beside, folder: FolderKind): Promise<string> => pathOf(await sentenceIn(beside, folder));

/** Options of the class of such a folder's model, whose encoder is of this `model_type`. */
export async function optionsIn(beside: Beside, folder: FolderKind, model_type: string): Promise<FolderOptions & { base: FamilyClass }> {
  const sentence = await sentenceIn(beside, folder);
  const path = pathOf(sentence);
  const files = await tokenizerFiles((name) => beside.bytes(path ? `${path}/${name}` : name));
  const base = classWith(model_type, ...headsFor(TASKS[FOLDER_KINDS[folder].task].head));
  return { base, sentence, tokenizer: files && supportedTokenizer(files, sentence) };
}
