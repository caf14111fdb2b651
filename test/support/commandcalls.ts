import { Console } from 'node:console';
import { Readable } from 'node:stream';
import { isMainThread } from 'node:worker_threads';
import { runCommandLine } from '../../src/cli/commandline.ts';

export interface Result {
  status: number | NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Threads have the directory of their process. */
export const canCallHere = isMainThread;

/** The words behind `tracelet` of a line of a shell; undefined where it needs one. */
export function wordsOf(line: string): string[] | undefined {
  const bare = line.replaceAll(/"[^"$`\\]*"|'[^']*'/g, 'x');
  if (!bare.startsWith('tracelet ') || /[^\w\s./:=,?%+-]/.test(bare)) return undefined;
  return [...line.matchAll(/(?:"[^"]*"|'[^']*'|\S)+/g)].slice(1).map(([word]) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'));
}

/** Calls take turns, as a process has one directory and one of each stream. */
let last: Promise<unknown> = Promise.resolve();

/** What the command line gives in this process, which has its modules and kernels at hand. */
export function callHere(args: readonly string[], directory: string, input = ''): Promise<Result> {
  const result = last.then(() => within(args, directory, input));
  last = result.catch(() => {});
  return result;
}

async function within(args: readonly string[], directory: string, input: string): Promise<Result> {
  const { stdin, exitCode } = process;
  const { console } = globalThis;
  const before = process.cwd();
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)];
  Object.defineProperty(process, 'stdin', { value: Readable.from(input === '' ? [] : [Buffer.from(input)]), configurable: true });
  globalThis.console = new Console(process.stdout, process.stderr);
  process.exitCode = undefined;
  process.chdir(directory);
  try {
    const status = await runCommandLine(args, { signal: new AbortController().signal });
    return { status, stdout: stdout.said(), stderr: stderr.said() };
  } finally {
    for (const each of [stdout, stderr]) each.end();
    Object.defineProperty(process, 'stdin', { value: stdin, configurable: true });
    globalThis.console = console;
    process.exitCode = exitCode;
    process.chdir(before);
  }
}

/** Keeps what is written to a stream from it until it ends. */
function capture(stream: NodeJS.WriteStream) {
  const pieces: Buffer[] = [];
  const { write } = stream;
  stream.write = (piece: string | Uint8Array, ...rest: unknown[]) => {
    pieces.push(Buffer.from(piece as string));
    (rest.findLast((each) => typeof each === 'function') as (() => void) | undefined)?.();
    return true;
  };
  const end = () => {
    stream.write = write;
  };
  return { said: () => Buffer.concat(pieces).toString(), end };
}
