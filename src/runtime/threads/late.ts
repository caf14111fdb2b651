import { onDemand } from '../../base/ondemand.ts';
import type { Team } from './team.ts';

/** As {@link Team.start}, which loads with the first team. */
export const startTeam: typeof Team.start = async (...args) => {
  const { Team } = await onDemand('what runs a call in threads', () => import('./team.ts'));
  return Team.start(...args);
};
