import { onDemand } from '../base/ondemand.ts';

/** What knows all families. */
export const families = () => onDemand('the families of models', () => import('./classes.ts'));
