import { onDemand } from '../../base/ondemand.ts';
import type { SetName } from '../../ops/sets.ts';
import { known, type OpSet } from '../sets.ts';

const LOADERS: Readonly<Record<SetName, () => Promise<OpSet>>> = {
  families: async () => (await import('./families.ts')).FAMILIES,
  general: async () => (await import('./general.ts')).GENERAL,
  halves: async () => (await import('./halves.ts')).HALVES,
};

known.load = (name) => onDemand(`the ops of the set ${name}`, LOADERS[name]);
