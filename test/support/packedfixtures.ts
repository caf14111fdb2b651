import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** The values of a fixture of lines of JSON, gzipped. */
export function linesOf(name: string): unknown[] {
  const path = fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
  const text = gunzipSync(readFileSync(path)).toString('utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}
