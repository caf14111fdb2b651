import { type ByName, moduleFor } from '../../sources/byname.ts';
import type * as Now from './now.ts';

/** What reads and writes tokenizers where scripts are small: nothing, unless `import 'tracelet/hub'` gives it. */
export const places: ByName<typeof Now> = {};

/** As {@link Now.filesFrom}. */
export const filesFrom: typeof Now.filesFrom = async (what, source, ...rest) =>
  (await moduleFor(places, source)).filesFrom(what, source, ...rest);

/** As {@link Now.saveTokenizer}. */
export const saveTokenizer: typeof Now.saveTokenizer = async (folder, ...rest) =>
  (await moduleFor(places, folder)).saveTokenizer(folder, ...rest);
