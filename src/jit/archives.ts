import type { OpenArchive } from './loading.ts';

/** What traces archives of PyTorch, which is loaded when the first of them comes. */
export const archives: OpenArchive | undefined = async (source, options) => {
  const { traceArchive } = await import('./archive.ts');
  return traceArchive(source, options);
};
