import { onDemand } from '../../base/ondemand.ts';
import type * as Now from './index.ts';

/** As {@link Now.openExported}. */
export const openExported = async (...args: Parameters<typeof Now.openExported>) => {
  const exported = await onDemand('what reads exported programs of PyTorch', () => import('./index.ts'));
  return exported.openExported(...args);
};
