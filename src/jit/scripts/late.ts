import { onDemand } from '../../base/ondemand.ts';
import type * as Now from './now.ts';

/** As {@link Now.openModule}. */
export const openModule: typeof Now.openModule = async (...args) => {
  const scripts = await onDemand('what reads programs of PyTorch', () => import('./now.ts'));
  return scripts.openModule(...args);
};
