import { TraceletError } from '../base/error.ts';
import { TextDecoder } from '../base/globals.ts';
import type { ByteSource } from '../platform/platform.ts';

/** How much of a file tells whether it is something else in its place. */
export const HEAD_BYTES = 512;

const PAGE = /^\uFEFF?\s*<(!doctype\s+html|html[\s>])/i;
const POINTER = /^version https:\/\/(?:git-lfs|hawser)\.github\.com\/spec\/.*\n(?:.*\n)*?size (\d+)/;

const textOf = (head: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(head.subarray(0, HEAD_BYTES));

/** Whether a file that begins with `head` is a page of HTML. */
export const isPage = (head: Uint8Array): boolean => PAGE.test(textOf(head));

/** Throws a `source` error if the file `name`, which begins with `head`, is one that Git LFS leaves in the place of a large one. */
export function refusePointer(head: Uint8Array, name: string): void {
  if (head[0] !== 0x76) return;
  const size = POINTER.exec(textOf(head))?.[1];
  if (size === undefined) return;
  throw new TraceletError('source', {
    what: name,
    expected: 'the file itself',
    got: `a Git LFS pointer, which stands for a file of ${size} bytes`,
    cure: 'Run git lfs pull where the repository was cloned, or download the file from where the model is published',
  });
}

/** `source`, which throws a `source` error at the first reading if it is a pointer of Git LFS. */
export function withoutPointer(source: ByteSource): ByteSource {
  let head: Uint8Array | undefined;
  const begin = async (): Promise<Uint8Array> => {
    const bytes = new Uint8Array(HEAD_BYTES);
    const read = bytes.subarray(0, await source.read(bytes));
    refusePointer(read, source.name);
    return read;
  };
  return {
    ...source,
    async read(target) {
      head ??= await begin();
      const held = head.subarray(0, target.length);
      target.set(held);
      head = head.subarray(held.length);
      return held.length === target.length ? held.length : held.length + (await source.read(target.subarray(held.length)));
    },
  };
}

/** What a source begins with, and the same source with that still to come. It is closed where reading fails. */
export async function peek(source: ByteSource, bytes: number): Promise<{ head: Uint8Array; whole: ByteSource }> {
  const head = new Uint8Array(bytes);
  try {
    const length = await source.read(head);
    let held = head.subarray(0, length);
    const read = async (target: Uint8Array): Promise<number> => {
      const first = held.subarray(0, target.length);
      target.set(first);
      held = held.subarray(first.length);
      return first.length === target.length ? first.length : first.length + (await source.read(target.subarray(first.length)));
    };
    return { head: head.subarray(0, length), whole: { ...source, read, close: () => source.close() } };
  } catch (cause) {
    await source.close();
    throw cause;
  }
}
