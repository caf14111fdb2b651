import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  BertConfig,
  BertForMaskedLM,
  BertForQuestionAnswering,
  BertForSequenceClassification,
  BertForTokenClassification,
  BertModel,
  type PreTrainedModel,
} from '../../src/index.ts';
import { COMMANDS, MAIN, ROOT, shell } from '../support/command.ts';
import { callHere, canCallHere, type Result, wordsOf } from '../support/commandcalls.ts';
import { entry, file } from '../support/safetensors.ts';

const TEXTS = ['a cat on a mat', 'a kitten on a rug', '', 'rising interest rates', 'paris is the capital of france'];
const WORDS = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...new Set(TEXTS.join(' ').split(' ').filter(Boolean)), '.'];

const SIZES = {
  vocab_size: 7600,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 48,
  max_position_embeddings: 256,
};
const config = new BertConfig(SIZES);
const labelled = (...labels: string[]): BertConfig =>
  new BertConfig({
    ...SIZES,
    id2label: Object.fromEntries(labels.entries()),
    label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
  });

/** What answers for the models that examples of tasks name. */
const ANSWERING: Readonly<Record<string, PreTrainedModel>> = {
  'bert-base-uncased': new BertForMaskedLM(config, { seed: 2 }),
  'ms-marco-MiniLM-L6-v2': new BertForSequenceClassification(labelled('LABEL_0'), { seed: 3 }),
  'roberta-sentiment': new BertForSequenceClassification(labelled('negative', 'neutral', 'positive'), { seed: 4 }),
  'deberta-v3-base-mnli': new BertForSequenceClassification(labelled('contradiction', 'neutral', 'entailment'), { seed: 5 }),
  'bert-base-NER': new BertForTokenClassification(labelled('O', 'B-LOC', 'I-LOC'), { seed: 6 }),
  'distilbert-squad': new BertForQuestionAnswering(config, { seed: 7 }),
};

/** A directory of transformers with this model, and a vocabulary that has the ids of the examples. */
function directory(path: string, model: PreTrainedModel): void {
  const data: Uint8Array[] = [];
  const header: Record<string, object> = {};
  let at = 0;
  for (const [name, parameter] of model.state_dict()) {
    const bytes = new Uint8Array(Float32Array.from(parameter.data).buffer);
    header[name] = entry('F32', parameter.shape, [at, at + bytes.length]);
    data.push(bytes);
    at += bytes.length;
  }
  mkdirSync(path);
  writeFileSync(join(path, 'model.safetensors'), file(JSON.stringify(header), Buffer.concat(data)));
  writeFileSync(
    join(path, 'config.json'),
    JSON.stringify({ ...JSON.parse(model.config.to_json_string()), architectures: [model.constructor.name] }),
  );
  const unused = Array.from({ length: config.vocab_size - WORDS.length }, (_, i) => `[unused${i}]`);
  writeFileSync(join(path, 'vocab.txt'), [...WORDS, ...unused].map((word) => `${word}\n`).join(''));
}

function sentenceDirectory(path: string): void {
  directory(path, new BertModel(config, { seed: 1 }));
  const modules = ['Transformer', 'Pooling', 'Normalize'].map((name, idx) => ({
    idx,
    name: `${idx}`,
    path: idx ? `${idx}_${name}` : '',
    type: `sentence_transformers.models.${name}`,
  }));
  writeFileSync(join(path, 'modules.json'), JSON.stringify(modules));
  mkdirSync(join(path, '1_Pooling'));
  writeFileSync(
    join(path, '1_Pooling/config.json'),
    JSON.stringify({ word_embedding_dimension: config.hidden_size, pooling_mode_mean_tokens: true }),
  );
}

function tracelet(line: string, cwd: string): Result | Promise<Result> {
  const words = wordsOf(line);
  return words && canCallHere ? callHere(words, cwd) : spawnSync('sh', ['-c', shell(line)], { cwd, encoding: 'utf8' });
}

async function done(line: string, cwd: string): Promise<string> {
  const { status, stdout, stderr } = await tracelet(line, cwd);
  expect(status, `${line}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

/** What stands for the files that examples name. */
async function lay(folder: string): Promise<void> {
  sentenceDirectory(join(folder, 'all-MiniLM-L6-v2'));
  for (const [name, model] of Object.entries(ANSWERING)) directory(join(folder, name), model);
  mkdirSync(join(folder, 'notes'));
  for (const [i, text] of TEXTS.entries()) writeFileSync(join(folder, `notes/${i}.md`), text);
  writeFileSync(join(folder, 'texts.txt'), `${TEXTS.join('\n')}\n`);
  writeFileSync(join(folder, 'ids.json'), '{"input_ids": [[101, 7592, 102]]}');
  await done('tracelet trace all-MiniLM-L6-v2/ -o minilm.tracelet --dynamic', folder);
  await done('tracelet trace bert-base-uncased/ -o masked.tracelet --seq 16', folder);
  await done('tracelet trace all-MiniLM-L6-v2/ -o model.tracelet --head model --seq 16', folder);
  copyFileSync(join(folder, 'minilm.tracelet'), join(folder, 'my.tracelet'));
  mkdirSync(join(folder, 'models'));
  copyFileSync(join(folder, 'minilm.tracelet'), join(folder, 'models/minilm.tracelet'));
}

/** Their examples need a server: test/batch runs them. */
const ELSEWHERE = ['batch'];

const helpOf = (command: string): Promise<string> => done(`tracelet ${command} --help`, ROOT);
const examplesOf = (help: string): string[] => [...help.matchAll(/^ {2}\$ (.*)$/gm)].map(([, line]) => line);
const commands = [...(await helpOf('')).matchAll(/^ {2}([a-z]+) (?:\[|<).*$/gm)]
  .map(([, name]) => name)
  .filter((name) => !['help', ...ELSEWHERE].includes(name));
const examples: [command: string, line: string][] = [];
for (const command of ['', ...commands]) for (const line of examplesOf(await helpOf(command))) examples.push([command || 'tracelet', line]);
const values = [...(await helpOf('run')).matchAll(/^ {2}([[{].*)$/gm)].map(([, value]) => value);

describe.skipIf(process.platform === 'win32')('every example of every --help runs', () => {
  let laid: string;
  let folder: string;
  beforeAll(async () => {
    laid = mkdtempSync(join(tmpdir(), 'tracelet-examples-'));
    folder = join(laid, 'files');
    mkdirSync(folder);
    await lay(folder);
  });
  afterAll(() => rmSync(laid, { recursive: true, force: true }));

  const copy = (): string => {
    const own = mkdtempSync(join(laid, 'run-'));
    cpSync(folder, own, { recursive: true });
    return own;
  };

  test('there are some of each command', () => {
    expect([...commands, ...ELSEWHERE]).toEqual(COMMANDS);
    for (const command of ['tracelet', ...commands]) expect(examples.filter(([of]) => of === command).length, command).toBeGreaterThan(1);
    for (const [, line] of examples) expect(line).toContain('tracelet');
  });

  /** Those of servers, which do not end, are in serve.test.ts. */
  const ending = examples.filter(([command]) => command !== 'serve');
  test.each(ending)('%s: %s', async (_, line) => {
    const quick = line.replace(/(tracelet (?:bench|profile) \S+)/, '$1 --seconds 0.05').replace(/--seconds 10/, '');
    expect((await done(quick, copy())) + (line.includes('>') ? '.' : '')).not.toBe('');
  });

  test.each(values)('run < %s', (value) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'run', 'minilm.tracelet'], {
      cwd: folder,
      encoding: 'utf8',
      input: value,
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(Object.keys(JSON.parse(stdout))).toEqual(['sentence_embedding', 'last_hidden_state']);
  });
});
