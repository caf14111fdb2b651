import { platform } from '#platform';
import { TraceletError } from '../base/error.ts';
import { TextEncoder } from '../base/globals.ts';
import { checkOptions, NAMED, type OptionTable, proved, SIGNAL } from '../base/options.ts';

import { encodeSafetensors } from '../formats/safetensors.ts';
import { WEIGHT_FILES } from '../formats/weightfiles.ts';
import type { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { PreTrainedModel } from './pretrained.ts';

/** Options of `save_pretrained` of models and configurations. */
export interface SaveOptions {
  signal?: AbortSignal;
}

const SAVE_OPTIONS: OptionTable<SaveOptions> = { signal: SIGNAL };

/** What a directory is to hold: texts by path, and tensors of a model.safetensors by the path of its folder. */
export interface FolderContents {
  texts: Readonly<Record<string, string>>;
  weights?: Readonly<Record<string, Iterable<readonly [name: string, tensor: Tensor]>>>;
}

/** The weights of a model by name, but for those that follow others. */
export function ownWeights(model: PreTrainedModel): [name: string, weight: Parameter][] {
  const weights = model.state_dict();
  const leaders = new Map(model.tied());
  return [...weights].filter(([name, weight]) => weight !== weights.get(leaders.get(name) ?? ''));
}

const [WEIGHTS, ...OTHERS] = WEIGHT_FILES;

/**
 * Writes files into a directory, which is made if need be, each whole or not at all and configurations last; answers their paths. Throws a `source`
 * error where other weights lie there.
 */
export async function saveInto(folder: string, { texts, weights = {} }: FolderContents, given: SaveOptions = {}): Promise<string[]> {
  const options = checkOptions('save_pretrained()', given, SAVE_OPTIONS);
  const home = proved('save_pretrained(): folder', folder, { ...NAMED, expected: 'a path' }).replace(/(?<=.)[/\\]+$/, '');
  options.signal?.throwIfAborted();
  const files = [
    ...Object.entries(weights).map(([path, tensors]) => [within(path, WEIGHTS), encodeSafetensors(tensors, { format: 'pt' })] as const),
    ...Object.entries(texts).map(([path, text]) => [path, [new TextEncoder().encode(text)]] as const),
  ];
  for (const path of new Set(['', ...files.map(([file]) => file.slice(0, Math.max(0, file.lastIndexOf('/'))))]))
    await emptied(within(home, path));
  for (const [path, pieces] of files) await platform.write(within(home, path), pieces, options);
  return files.map(([path]) => within(home, path));
}

const within = (folder: string, path: string): string => (folder && path ? `${folder}/${path}` : folder || path);

async function emptied(path: string): Promise<void> {
  await platform.makeFolder(path);
  const others = ((await platform.list(path)) ?? []).filter((name) => OTHERS.includes(name));
  if (others.length === 0) return;
  throw new TraceletError('source', {
    what: path,
    expected: `no weights but those of ${WEIGHTS}`,
    got: others.join(', '),
    cure: 'Remove them, or save to a directory of its own',
  });
}
