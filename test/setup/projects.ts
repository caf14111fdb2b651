import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** What changes a process for the tests that come after. */
const CHANGES = /\bvi\.(mock|resetModules)\(|\buseKernels\(|\bprocess\.chdir\(/;
/** Hooks of a module hold for the one file that loads it first. */
const HOOKS = /^(before|after)(All|Each)\(/m;

/** Test files in `root` that need a process of their own. All others share modules, which takes less time than loading them for each file. */
export function filesAlone(root: string): string[] {
  const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    /^(?!.*node_modules).*\.ts$/.test(path),
  );
  const texts = files.map((path) => [join('test', path), readFileSync(join(root, 'test', path), 'utf8')] as const);
  const hooked = texts.filter(([path, text]) => !path.endsWith('.test.ts') && HOOKS.test(text)).map(([path]) => `/${basename(path)}'`);
  const isAlone = (text: string): boolean => CHANGES.test(text) || hooked.some((name) => text.includes(name));
  return texts.filter(([path, text]) => path.endsWith('.test.ts') && isAlone(text)).map(([path]) => path);
}
