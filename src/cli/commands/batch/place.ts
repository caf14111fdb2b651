import { Option } from 'commander';
import type { QueuePlace } from '../../../batch/index.ts';

export interface PlaceOptions {
  queue: string;
  name?: string;
  prefix?: string;
}

/** What says which queue is meant. */
export const placeOptions = (): Option[] => [
  new Option('--queue <address>', 'the server: redis://, rediss://, or postgres:// with pg installed').default('redis://localhost:6379'),
  new Option('--name <name>', 'the queue on it (default: tracelet)'),
  new Option('--prefix <prefix>', 'what its keys in Redis begin with, or its schema in PostgreSQL (default: bull, bullmq)'),
];

export const placeOf = ({ queue, name, prefix }: PlaceOptions): QueuePlace => ({ queue, name, prefix });

/** What needs BullMQ is loaded where it is used. */
export const batching = () => import('../../../batch/index.ts');
