import { onDemand } from '../base/ondemand.ts';
import type { SaveOptions } from '../sources/saving.ts';
import type { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { PreTrainedModel } from './pretrained.ts';

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

/** Writes files into a directory, configurations last. Throws a `source` error where other weights lie there. */
export async function saveInto(folder: string, contents: FolderContents, options?: SaveOptions): Promise<string[]> {
  const { writeFolder } = await onDemand('what writes models', () => import('./folderfiles.ts'));
  return writeFolder(folder, contents, options);
}
