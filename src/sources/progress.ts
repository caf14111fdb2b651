import type { ByteSource } from '../platform/platform.ts';

/** What `progress_callback` is told of a file, in the shape of transformers.js. */
export interface ProgressInfo {
  status: 'initiate' | 'download' | 'progress' | 'done';
  /** The model, as the caller named it. */
  name: string;
  file: string;
  /** Bytes so far, where the status is `progress`. */
  loaded?: number;
  /** Bytes in all, beside `loaded`, where that is known before the end. */
  total?: number;
  /** How much of them is there, in per cent. */
  progress?: number;
}

/** Told how the reading of each file goes. */
export type ProgressCallback = (info: ProgressInfo) => void;

/** Tells `callback` that the reading of a file begins; the answer tells it how far that has come, and once that it is done. */
export function reporter(callback: ProgressCallback | undefined, name: string, file: string): (loaded: number, total?: number) => void {
  callback?.({ status: 'initiate', name, file });
  callback?.({ status: 'download', name, file });
  return (loaded, total) => {
    callback?.({
      status: 'progress',
      name,
      file,
      loaded,
      total,
      progress: total === undefined ? undefined : (100 * loaded) / (total || 1),
    });
    if (loaded === total) callback?.({ status: 'done', name, file });
  };
}

/** `source`, whose reading `callback` is told of. */
export function watched(source: ByteSource, callback: ProgressCallback | undefined, name: string, file: string): ByteSource {
  if (!callback) return source;
  let report: ReturnType<typeof reporter> | undefined;
  let loaded = 0;
  let over = false;
  return {
    ...source,
    async read(target) {
      report ??= reporter(callback, name, file);
      const read = await source.read(target);
      loaded += read;
      const ended = read < target.length && source.size === undefined;
      if (!over && (read > 0 || ended)) report(loaded, ended ? loaded : source.size);
      over ||= ended;
      return read;
    },
  };
}
