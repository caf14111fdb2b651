import { Command } from 'commander';
import { TraceletError } from '../../error.ts';
import type { ThreadCount } from '../../threads/choose.ts';
import type { TracedModule } from '../../trace/traced.ts';
import { readLines } from '../input.ts';
import { defaultTrace, openTrace } from '../model.ts';
import { examples, threadsOption } from '../options.ts';
import { cut, note, print, printJson, table } from '../output.ts';

interface EmbedOptions {
  model?: string;
  json?: boolean;
  threads?: ThreadCount;
}

interface Embedded {
  text: string;
  embedding: number[];
}

/** `tracelet embed` */
export const embedCommand = (signal: AbortSignal): Command =>
  new Command('embed')
    .description('turn texts into vectors and show how similar they are')
    .argument('<texts...>', 'texts; - for the lines of stdin')
    .option('-m, --model <file>', 'a trace of a SentenceEmbedder (default: the all-MiniLM-L6-v2 that comes with tracelet)')
    .option('--json', 'print a line of JSON for each text: {"text": ..., "embedding": [...]}')
    .addOption(threadsOption())
    .addHelpText(
      'after',
      examples(
        'tracelet embed "a cat on a mat" "a kitten on a rug" "rising interest rates"',
        'tracelet embed --json - < texts.txt > vectors.jsonl',
        'tracelet embed -m my.tracelet "hello"',
      ),
    )
    .action((texts: string[], options: EmbedOptions) => embed(texts, options, signal));

async function embed(texts: readonly string[], { model, json, threads }: EmbedOptions, signal: AbortSignal): Promise<void> {
  const traced = await openTrace(model ?? defaultTrace(), { signal, threads });
  const rows: Embedded[] = [];
  for await (const text of allTexts(texts, signal)) {
    warnOfCut(traced, text);
    const { data } = await traced.embed([text], { signal });
    const embedding = Array.from(data as Float32Array, (value) => Number(value.toPrecision(9)));
    if (json) printJson({ text, embedding });
    else rows.push({ text, embedding });
  }
  if (json) return;
  if (rows.length === 0) throw new TraceletError('value', { what: 'texts', expected: 'at least one line on stdin', got: 'none' });
  print(rows.length <= MATRIX_TEXTS ? matrix(rows) : neighbours(rows));
}

async function* allTexts(texts: readonly string[], signal: AbortSignal): AsyncGenerator<string> {
  for (const text of texts)
    if (text === '-') yield* readLines(signal);
    else yield text;
}

function warnOfCut({ tokenizer, inputs: [{ shape }] }: TracedModule, text: string): void {
  const tokens = tokenizer.encode(text).length;
  if (tokens > shape[1]) note(`tracelet: "${cut(text, 40)}" has ${tokens} tokens, of which the trace takes ${shape[1]}`);
}

const MATRIX_TEXTS = 10;
const TEXT_WIDTH = 32;

const cosine = (a: Embedded, b: Embedded): number => {
  const dot = (x: Embedded, y: Embedded): number => x.embedding.reduce((sum, value, i) => sum + value * y.embedding[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};

const fixed = (value: number): string => value.toFixed(3);
const firstNumbers = ({ embedding }: Embedded): string => `${embedding.slice(0, 3).map(fixed).join(' ')} … (${embedding.length})`;

function matrix(rows: readonly Embedded[]): string {
  const head = ['', 'text', ...(rows.length > 1 ? rows.map((_, i) => `${i + 1}`) : []), 'vector'];
  const lines = rows.map((row, i) => [
    `${i + 1}`,
    cut(row.text, TEXT_WIDTH),
    ...(rows.length > 1 ? rows.map((other) => fixed(cosine(row, other))) : []),
    firstNumbers(row),
  ]);
  return table([head, ...lines], `rl${rows.length > 1 ? 'r'.repeat(rows.length) : ''}l`);
}

function neighbours(rows: readonly Embedded[]): string {
  const lines = rows.map((row, i) => {
    const others = rows.map((other, at) => ({ at, similarity: at === i ? -2 : cosine(row, other) }));
    const [{ at, similarity }] = others.toSorted((a, b) => b.similarity - a.similarity);
    return [`${i + 1}`, cut(row.text, TEXT_WIDTH), fixed(similarity), `${at + 1}`, cut(rows[at].text, TEXT_WIDTH), firstNumbers(row)];
  });
  return table([['', 'text', 'cosine', '', 'nearest', 'vector'], ...lines], 'rlrrll');
}
