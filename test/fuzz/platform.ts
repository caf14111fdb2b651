import { platform as node } from '../../src/platform/node.ts';
import type { ByteSource, Platform } from '../../src/platform/platform.ts';
import { fromBytes } from '../../src/sources/stream.ts';
import type { Files } from './kind.ts';

/** The directory whose files are in memory. */
export const ROOT = '/fuzz/';

let held: Files = {};

/** Puts files in place of those that were under {@link ROOT}. */
export function hold(files: Files): void {
  held = files;
}

const isHeld = (path: string): boolean => `${path}/`.startsWith(ROOT);
const nameOf = (path: string): string => path.slice(ROOT.length).replace(/\/$/, '');

const kindOf = (path: string): 'directory' | 'file' | undefined => {
  const name = nameOf(path);
  if (Object.hasOwn(held, name)) return 'file';
  return name === '' || Object.keys(held).some((file) => file.startsWith(`${name}/`)) ? 'directory' : undefined;
};

const source = (path: string): ByteSource => ({ ...fromBytes(held[nameOf(path)]), name: path });

/** That of Node, with some files in memory: mutants never touch a disk. */
export const platform: Platform = {
  ...node,
  open: async (path) => (isHeld(path) ? source(path) : node.open(path)),
  kindOf: async (path) => (isHeld(path) ? kindOf(path) : node.kindOf(path)),
  list: async (path) => (isHeld(path) ? Object.keys(held) : node.list(path)),
};
