import { lstat, readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** How the name of what is to become a file ends: its process, its machine, and a number of its own. */
const OWNER = /(\d+)_([\da-z]+)_[\da-z]+\.part$/;
/** How long a process elsewhere may write nothing. */
const ABANDONED_MS = 3_600_000;

/** A machine that may not be known. */
const NOWHERE = '0';

const machine = (): string => {
  try {
    return [...hostname()].reduce((sum, letter) => (31 * sum + letter.charCodeAt(0)) >>> 0, 7).toString(36);
  } catch {
    return NOWHERE;
  }
};

/** The end of the name of a part that is this process's own. */
export const ownPart = (): string => `${process.pid}_${machine()}_${Math.random().toString(36).slice(2)}.part`;

/** Whether nobody writes to the part at `path` any more: its process has ended, or nothing was written for so many milliseconds. */
export async function isAbandoned(path: string, patience = ABANDONED_MS): Promise<boolean> {
  const { mtimeMs } = await lstat(path);
  const [, pid, host] = OWNER.exec(path) ?? [];
  if (Date.now() - mtimeMs > patience) return true;
  return host !== NOWHERE && host === machine() && !isWriting(Number(pid), mtimeMs);
}

/** Whether the process that has this number is the one that wrote then: in containers they all have the same. */
function isWriting(pid: number, then: number): boolean {
  if (pid === process.pid) return then >= Date.now() - 1000 * process.uptime() - 1000;
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Removes files whose names begin as `path` and end as `rest` says, if nobody writes to them any more. */
export async function removeAbandoned(path: string, rest: RegExp, patience?: number): Promise<void> {
  const [folder, begin] = [dirname(path), basename(path)];
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(begin) && rest.test(each.slice(begin.length)))) {
    const part = join(folder, name);
    if (await isAbandoned(part, patience).catch(() => false)) await rm(part, { force: true }).catch(() => {});
  }
}
