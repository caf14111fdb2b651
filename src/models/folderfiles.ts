import { encodeSafetensors } from '../formats/safetensors.ts';
import { WEIGHT_FILES } from '../formats/weightfiles.ts';
import { type SaveOptions, saveFiles, textFile, within } from '../sources/saving.ts';
import { exactHalves, isHalf } from '../tensor/half.ts';
import { Parameter } from '../tensor/parameter.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { FolderContents } from './saving.ts';

const [WEIGHTS, ...OTHERS] = WEIGHT_FILES;

/** Writes files into a directory, configurations last. Throws a `source` error where other weights lie there. */
export async function writeFolder(folder: string, { texts, weights = {} }: FolderContents, options?: SaveOptions): Promise<string[]> {
  const files = [
    ...Object.entries(weights).map(
      ([path, tensors]) => [within(path, WEIGHTS), encodeSafetensors([...tensors].map(stored), { format: 'pt' })] as const,
    ),
    ...Object.entries(texts).map(([path, text]) => textFile(path, text)),
  ];
  return saveFiles(folder, files, { names: OTHERS, allowed: `weights but those of ${WEIGHTS}` }, options);
}

/** A weight in the dtype in which it came, as long as that holds its values. */
function stored([name, tensor]: readonly [string, Tensor]): [string, Tensor] {
  if (!(tensor instanceof Parameter) || !isHalf(tensor.storedAs)) return [name, tensor];
  const bits = exactHalves(tensor.elements, tensor.storedAs);
  return [name, bits ? new Tensor(tensor.storedAs, tensor.shape, bits) : tensor];
}
