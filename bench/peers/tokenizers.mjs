/**
 * Tokenizers beside @huggingface/tokenizers and, where the bench's Python has it, the Rust library: ids compared, then a megabyte of English
 * and one of many scripts in turns, text by text, one thread each.
 *
 *   node bench/peers/tokenizers.mjs [--rounds N] [--json]
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Tokenizer } from '@huggingface/tokenizers';
import { PreTrainedTokenizerFast } from '../../dist/tokenizer/index.js';
import { begin, digits, ratioCell, SUMMARY, summaryCells, table, writeResults } from '../measure/report.mjs';
import { alternate, ratio, summarise } from '../measure/stats.mjs';
import { VENV } from './models.mjs';
import { TEXTS } from './prose.mjs';
import { vocabularies } from './vocabularies.mjs';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '9' }, json: { type: 'boolean', default: false } } });
const PYTHON = `${VENV}/bin/python`;
/** @huggingface/tokenizers wants each of them named. */
const PARTS = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
const SCRIPT = fileURLToPath(new URL('rust_tokenizers.py', import.meta.url));

/** The Rust library in a process of its own, or nothing where Python lacks it. @param {string} json @param {string} texts */
async function rust(json, texts) {
  if (!existsSync(PYTHON)) return undefined;
  const child = spawn(PYTHON, [SCRIPT, json, texts], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, RAYON_NUM_THREADS: '1' },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value ?? 'null');
  const ids = await next();
  if (ids === null) return undefined;
  const sample = async (/** @type {number} */ calls) => {
    const sum = { wall: 0, cpu: 0 };
    for (let i = 0; i < calls; i++) {
      child.stdin.write('\n');
      const { wall, cpu } = await next();
      sum.wall += wall;
      sum.cpu += cpu;
    }
    return sum;
  };
  return { ids, sample, close: () => child.stdin.end() };
}

/** How many texts have other ids than `want`. @param {readonly (readonly number[])[]} got @param {readonly (readonly number[])[]} want */
const differing = (got, want) => got.filter((ids, i) => ids.join() !== want[i].join()).length;

const machine = begin('tokenizers, a megabyte of texts, one thread each');
const home = await mkdtemp(join(tmpdir(), 'tokenizers-'));
/** @type {object[]} */
const results = [];
try {
  for (const [name, files] of Object.entries(await vocabularies()))
    for (const [kind, texts] of Object.entries(TEXTS)) await measure(name, files, kind, texts);
} finally {
  await rm(home, { recursive: true });
}
if (options.json) writeResults('tokenizers', { machine, results });

/** @param {string} name @param {Record<string, string>} files @param {string} kind @param {readonly string[]} texts */
async function measure(name, files, kind, texts) {
  const [json, given] = [join(home, 'tokenizer.json'), join(home, 'texts.json')];
  await writeFile(json, files['tokenizer.json']);
  await writeFile(given, JSON.stringify(texts));
  const ours = PreTrainedTokenizerFast.from_files(files);
  const theirs = new Tokenizer({ ...PARTS, ...JSON.parse(files['tokenizer.json']) }, JSON.parse(files['tokenizer_config.json']));
  const native = await rust(json, given);
  /** @type {Record<string, (text: string) => readonly number[]>} */
  const here = { tracelet: (text) => ours.encode(text), '@huggingface/tokenizers': (text) => theirs.encode(text).ids };
  const answers = new Map(Object.entries(here).map(([who, encode]) => [who, texts.map(encode)]));
  if (native) answers.set('tokenizers (Rust)', native.ids);
  const want = native?.ids ?? /** @type {number[][]} */ (answers.get('tracelet'));
  /** @type {Record<string, import('../measure/stats.mjs').Case>} */
  const cases = Object.fromEntries(Object.entries(here).map(([who, encode]) => [who, () => texts.forEach((text) => void encode(text))]));
  if (native) cases['tokenizers (Rust)'] = native;
  const { samples } = await alternate(cases, { warm: 2000, rounds: Number(options.rounds), sample: 100 });
  native?.close();
  const yardstick = /** @type {number[]} */ (samples.get('@huggingface/tokenizers'));
  const bytes = Buffer.byteLength(texts.join(''));
  const rows = [...samples].map(([who, times]) => {
    const [summary, faster] = [summarise(times), ratio(yardstick, times)];
    const others = differing(/** @type {number[][]} */ (answers.get(who)), want);
    results.push({ name, kind, who, ...summary, faster, others, texts: texts.length });
    return [who, ...summaryCells(summary), digits(bytes / summary.median / 1e3), ratioCell(faster), `${others} of ${texts.length}`];
  });
  table([`${name}, ${kind}`, ...SUMMARY, 'MB/s', 'times as fast', 'texts with other ids'], rows);
}
