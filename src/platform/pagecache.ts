import type { ModelCache } from './cache.ts';

/** The cache of a page that has this name, or undefined where it may have none. */
export async function pageCache(name = 'tracelet'): Promise<ModelCache | undefined> {
  try {
    return await globalThis.caches?.open(name);
  } catch {
    return undefined;
  }
}
