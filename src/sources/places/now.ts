import type { ByteSource } from '../../platform/platform.ts';
import { openFile } from '../folder.ts';
import type { SourceOptions } from '../options.ts';
import { placeOf } from '../place.ts';

const NO_TRACE = 'Trace the model first: from_pretrained and jit.trace, or tracelet trace';

/** Opens what a path, an address or a hub id stands for; of a folder its file `main`. Throws `source` errors that name it. */
export async function openNamed(source: string | URL, main: string, options: SourceOptions): Promise<ByteSource> {
  const { folder, file } = await placeOf(source, options, 'file');
  return file === undefined ? openFile(folder, main, NO_TRACE) : openFile(folder, file);
}
