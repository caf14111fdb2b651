import { onDemand } from '../base/ondemand.ts';
import type { OpenArchive } from './loading.ts';
import type { Replay } from './record.ts';

/** What traces archives of PyTorch, which is loaded when the first of them comes. */
export const archives: OpenArchive | undefined = async (source, options) => {
  const { traceArchive } = await onDemand('what traces programs of PyTorch', () => import('./archive.ts'));
  return traceArchive(source, options);
};

/** What finds in graphs which ops they spell out, loaded when a graph may do so. */
export const patterns: (() => Promise<Replay>) | undefined = async () =>
  (await onDemand('what finds ops that are spelled out', () => import('../aten/replay.ts'))).replayed;
