import { type ByName, moduleFor } from '../byname.ts';
import type * as Now from './now.ts';

/** What finds files where scripts are small: nothing, unless `import 'tracelet/hub'` gives it. */
export const places: ByName<typeof Now> = {};

/** As {@link Now.openNamed}. */
export const openNamed: typeof Now.openNamed = async (source, ...rest) => (await moduleFor(places, source)).openNamed(source, ...rest);
