import { TraceletError } from '../base/error.ts';

/** What node:fs takes for a path that may be written as a file: URL. */
export const located = (path: string): string | URL => (path.startsWith('file:') ? new URL(path) : path);

/** What is said of a path that cannot be read. */
export function unreadable(path: string, cause: unknown): TraceletError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new TraceletError('source', { what: path, expected: 'a readable file', got: code ?? message, cause });
}
