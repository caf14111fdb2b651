import { onDemand } from '../../base/ondemand.ts';
import type * as Now from './now.ts';

/** As {@link Now.openNamed}. */
export const openNamed: typeof Now.openNamed = async (...args) => {
  const places = await onDemand('what finds files', () => import('./now.ts'));
  return places.openNamed(...args);
};
