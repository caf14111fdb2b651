import type { PostProcessor } from '../interfaces.ts';

/** The texts of a row as they are. */
export const NOTHING_ADDED: PostProcessor = {
  single: [{ sequence: 0, type: 0 }],
  pair: [
    { sequence: 0, type: 0 },
    { sequence: 1, type: 1 },
  ],
};
