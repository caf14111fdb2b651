import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The text of a page of this repository, by its path there. */
export const pageAt = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The blocks of code of a page that are in a language, in order. */
export const blocksIn = (page: string, language: string): string[] =>
  [...page.matchAll(/^```(\w+)\n(.*?)^```/gms)].filter(([, name]) => name === language).map(([, , code]) => code);
