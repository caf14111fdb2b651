import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/```(\w+)\n(.*?)```/gs)].map(([, language, code]) => ({ language, code }));
const inLanguage = (name: string): string[] => blocks.filter(({ language }) => language === name).map(({ code }) => code);

/** A folder in which `tracelet` resolves to this package and `models/` is there. */
let folder: string;
beforeAll(() => {
  mkdirSync(join(root, 'build'), { recursive: true });
  folder = mkdtempSync(join(root, 'build', 'readme-'));
  symlinkSync(join(root, 'models'), join(folder, 'models'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a script prints. Its own words are in the error where it fails. */
function node(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  expect(status, stdout + stderr).toBe(0);
  return stdout;
}

/** The blocks as one module, whose imports come once. */
function joined(program: string[]): string {
  const imports = /^import \{(.*?)\} from 'tracelet'$/gm;
  const names = new Set(
    program.flatMap((code) => [...code.matchAll(imports)].flatMap(([, list]) => list.split(',').map((name) => name.trim()))),
  );
  return [`import { ${[...names].join(', ')} } from 'tracelet'`, ...program.map((code) => code.replace(imports, ''))].join('\n');
}

describe('README', () => {
  test('its TypeScript compiles, strictly, and runs from top to bottom', () => {
    const program = inLanguage('ts');
    expect(program.length).toBeGreaterThan(5);
    writeFileSync(join(folder, 'guide.mts'), joined(program));
    node(
      join(root, 'node_modules/typescript/bin/tsc'),
      ...'--ignoreConfig --strict --target es2023 --module nodenext --types node guide.mts'.split(' '),
    );
    const printed = node('guide.mjs');
    expect(printed).toContain('layer_norm');
    const [shown] = readme.match(/(?<=```\n)tensor\(.*?(?=```)/s) ?? [];
    expect(printed.startsWith(shown as string)).toBe(true);
  });

  test('its commands run', () => {
    const shell = inLanguage('sh');
    const commands = shell.flatMap((code) => code.split('\n')).filter((line) => line.startsWith('tracelet '));
    expect(commands.length).toBeGreaterThan(3);
    for (const command of commands) {
      const args = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain).slice(1);
      expect(node(join(root, 'dist/cli/main.js'), ...args), command).not.toBe('');
    }
  });

  test('its two opening commands are scripts of the package', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    const [install, ...opening] = inLanguage('sh').slice(0, 3);
    expect(install).toBe('npm i tracelet @tracelet/all-minilm-l6-v2\n');
    expect(opening.map((code) => code.match(/npm install && npm (?:run )?(\w+)/)?.[1])).toEqual(['demo', 'test']);
    for (const name of ['demo', 'test']) expect(scripts[name]).toBeDefined();
  });

  test('the places and documents that it names exist', () => {
    const named = [...readme.matchAll(/`((?:src|assembly|test|bench|models)\/[\w./-]*)`|\]\((docs\/[\w.]+)\)/g)].map(
      ([, place, document]) => place ?? document,
    );
    expect(named.length).toBeGreaterThan(8);
    for (const path of named) expect(existsSync(join(root, path)), path).toBe(true);
  });
});
