import { onDemand } from '../../base/ondemand.ts';
import type * as Pool from './pool.ts';

/** As {@link Pool.startPool}, which loads with the first pool. */
export const startPool: typeof Pool.startPool = async (...args) => {
  const pool = await onDemand('what runs calls in workers', () => import('./pool.ts'));
  return pool.startPool(...args);
};
