import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BertModel, ModernBertConfig, ModernBertModel, RobertaConfig, RobertaForSequenceClassification } from '../../src/index.ts';
import type { PreTrainedModel } from '../../src/models/pretrained.ts';
import { blocksIn, pageAt } from '../support/page.ts';
import { concat, serialize } from '../support/safetensors.ts';
import { tinyConfig } from '../support/tiny.ts';
import { tokenizerTruth } from '../support/tokenizertruth.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = pageAt('README.md');
const inLanguage = (name: string): string[] => blocksIn(readme, name);

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

/** Small models for tasks. */
const TASK_FOLDERS: Readonly<Record<string, string>> = {
  'token-classification': 'ner',
  'question-answering': 'qa',
  'zero-shot-classification': 'zero-shot',
};

/** The blocks as one module, whose imports come once. */
function joined(program: string[]): string {
  const imports = /^import \{(.*?)\} from 'tracelet'$/gm;
  const names = new Set(
    program.flatMap((code) => [...code.matchAll(imports)].flatMap(([, list]) => list.split(',').map((name) => name.trim()))),
  );
  return [`import { ${[...names].join(', ')} } from 'tracelet'`, ...program.map((code) => code.replace(imports, ''))].join('\n');
}

const SMALL = { vocab_size: 1000, hidden_size: 16, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 24 };
const tracelet = pathToFileURL(join(root, 'dist/index.js')).href;

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

  /** Folders as hubs have them: a small model under the name that the README gives it, and a tokenizer. */
  const FOLDERS = {
    'multilingual-e5-small': [
      'xlm-roberta',
      () => new BertModel(tinyConfig({ vocab_size: 1000, max_position_embeddings: 512 }), { seed: 1 }),
    ],
    'twitter-roberta-sentiment': [
      'roberta',
      () => new RobertaForSequenceClassification(new RobertaConfig({ ...SMALL, max_position_embeddings: 514, num_labels: 3 }), { seed: 1 }),
    ],
    'gte-modernbert-base': ['modernbert', () => new ModernBertModel(new ModernBertConfig({ ...SMALL, pad_token_id: 0 }), { seed: 1 })],
  } satisfies Record<string, [tokenizer: string, make: () => PreTrainedModel]>;

  test.each<[keyof typeof FOLDERS, RegExp]>([
    ['multilingual-e5-small', /shape=\[2, 16\]/],
    ['twitter-roberta-sentiment', /^\[\s+\[\s+-?\d[^,]*,\s+-?\d[^,]*,\s+-?\d[^,]*\]/],
    ['gte-modernbert-base', /shape=\[1, 16\]/],
  ])('%s runs from its folder', (name, printed) => {
    const [lines] = inLanguage('js').filter((code) => code.includes(`'${name}'`));
    const [tokenizer, make] = FOLDERS[name];
    const { json, config } = tokenizerTruth(tokenizer);
    const model = make();
    const home = join(folder, name);
    mkdirSync(home);
    writeFileSync(join(home, 'tokenizer.json'), json);
    writeFileSync(join(home, 'tokenizer_config.json'), config);
    writeFileSync(join(home, 'config.json'), model.config.to_json_string());
    writeFileSync(join(home, 'model.safetensors'), concat(serialize(model.state_dict())));
    const [last, ...before] = lines.trimEnd().split('\n').reverse();
    const names = 'AutoModelForSequenceClassification, AutoTokenizer, jit, SentenceEmbedder';
    const shown = `console.log(${last.replace(/\s*\/\/.*/, '')});`;
    const program = [`import { ${names} } from ${JSON.stringify(tracelet)};`, ...before.reverse(), shown];
    writeFileSync(join(folder, `${name}.mjs`), program.join('\n'));
    expect(node(`${name}.mjs`)).toMatch(printed);
  });

  test('its tasks run, each from a folder', () => {
    const [lines] = inLanguage('js').filter((code) => code.includes('pipeline('));
    const tasks = [...lines.matchAll(/pipeline\('([\w-]+)', '([\w-]+)'/g)];
    expect(tasks.length).toBe(3);
    for (const [, task, name] of tasks) symlinkSync(join(root, 'test/fixtures/pipelines', TASK_FOLDERS[task]), join(folder, name));
    const shown = lines.replaceAll(/^(await .*?\))\s*\/\/ (\[?)\{ (.*?) \}.*$/gm, (_, call, list, names) => {
      const keys = names.split(', ').map((each: string) => each.split(':')[0]);
      return `{ const got = ${call}; console.log(Array.isArray(got) === ${list === '['} && ${JSON.stringify(keys)}.every((key) => key in [got].flat()[0])); }`;
    });
    writeFileSync(join(folder, 'tasks.mjs'), `import { pipeline } from ${JSON.stringify(tracelet)};\n${shown}`);
    expect(node('tasks.mjs')).toBe('true\ntrue\ntrue\n');
  });

  test('its archive of PyTorch opens', () => {
    const [lines] = inLanguage('js').filter((code) => code.includes("'traced_bert.pt'"));
    copyFileSync(join(root, 'test/fixtures/programs/hf5.23-torch2.15-bert-extra-files.pt'), join(folder, 'traced_bert.pt'));
    const dummies = 'const dummy_input = [0, 1, 0].map((id) => tensor([Array(14).fill(id), Array(14).fill(id)]));';
    const shown = 'console.log(all_encoder_layers.shape, pooled_output.shape, any.plan({ batch: 8, sequence: 48 }).arena > 0);';
    const more = 'console.log((await jit.load("any_size.tracelet")).inputs.length, [...script.named_parameters()].length > 0);';
    writeFileSync(
      join(folder, 'archive.mjs'),
      [`import { jit, tensor } from ${JSON.stringify(tracelet)};`, dummies, lines, shown, more].join('\n'),
    );
    expect(node('archive.mjs')).toBe('[ 2, 14, 24 ] [ 2, 24 ] true\n3 true\n');
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
