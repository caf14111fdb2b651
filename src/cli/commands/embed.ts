import { Command, Option } from 'commander';
import type { ThreadCount } from '../../runtime/threads/choose.ts';
import type { EmbeddedText } from '../../text/embed.ts';
import { allTexts } from '../input.ts';
import { defaultTrace, openTrace } from '../model.ts';
import { examples, threadsOption, whole } from '../options.ts';
import { note, print, printJson, table } from '../output.ts';
import { Progress, QUIET_MS } from '../progress.ts';
import { cut } from '../terminal.ts';

interface EmbedOptions {
  model?: string;
  json?: boolean;
  prompt?: string;
  promptName?: string;
  truncateDim?: number;
  normalize?: boolean;
  truncate?: boolean;
  chunk?: boolean;
  overlap?: number;
  batchTokens?: number;
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
    .argument('<texts...>', 'texts; - for the lines of stdin, of which blank ones are texts as well')
    .option('-m, --model <file>', 'a trace of a SentenceEmbedder (default: the all-MiniLM-L6-v2 that comes with tracelet)')
    .option('--json', 'print a line of JSON for each text as it is done: {"text": ..., "embedding": [...]}')
    .addOption(new Option('--prompt-name <name>', 'put the prompt of this name before texts, such as query (default: as the model says)'))
    .addOption(new Option('--prompt <text>', 'put these words before texts').conflicts('promptName'))
    .option('--truncate-dim <n>', 'keep so many numbers of each vector', whole(1 << 20))
    .option('--normalize', 'scale vectors to length 1')
    .addOption(new Option('--truncate', 'leave out what does not fit of texts that are too long (default: an error)').conflicts('chunk'))
    .option('--chunk', 'cut texts that are too long between words, and pool the vectors of the parts')
    .addOption(
      new Option('--overlap <n>', 'tokens that a part repeats of the one before').argParser(whole(1 << 20)).implies({ chunk: true }),
    )
    .option('--batch-tokens <n>', 'tokens to run at a time; answers do not depend on it', whole(1 << 30))
    .addOption(threadsOption())
    .addHelpText(
      'after',
      examples(
        'tracelet embed "a cat on a mat" "a kitten on a rug" "rising interest rates"',
        'tracelet embed --json --chunk - < texts.txt > vectors.jsonl',
        'tracelet embed -m my.tracelet "hello"',
      ),
    )
    .action((texts: string[], options: EmbedOptions) => embed(texts, options, signal));

async function embed(texts: readonly string[], options: EmbedOptions, signal: AbortSignal): Promise<void> {
  const rows: Embedded[] = [];
  let answered = 0;
  for await (const { text, embedding } of vectors(texts, options, signal)) {
    answered++;
    const row = { text, embedding: Array.from(embedding, (value) => Number(value.toPrecision(9))) };
    if (options.json) printJson(row);
    else rows.push(row);
  }
  if (answered === 0) note('tracelet: no lines on stdin, so there is no answer');
  if (rows.length > 0) print(rows.length <= MATRIX_TEXTS ? matrix(rows) : neighbours(rows));
}

/** The texts with their vectors, watched. */
async function* vectors(texts: readonly string[], options: EmbedOptions, signal: AbortSignal): AsyncGenerator<EmbeddedText<string>> {
  const { model, prompt, promptName: prompt_name, truncateDim: truncate_dim, normalize, truncate, chunk, overlap, batchTokens } = options;
  const traced = await openTrace(model ?? defaultTrace(), { signal, threads: options.threads });
  const progress = new Progress(QUIET_MS);
  const progress_callback = ({ done }: { done: number }): void =>
    progress.update(`embedding: ${done} ${done === 1 ? 'text' : 'texts'} done`);
  const cutting = { truncate, chunk: chunk && { overlap } };
  const asked = { prompt, prompt_name, truncate_dim, normalize, ...cutting, batchTokens, signal, progress_callback };
  const source = texts.includes('-') ? allTexts(texts, signal) : texts;
  try {
    for await (const row of traced.embedEach(source, asked)) {
      progress.clear();
      noteCut(row);
      yield row;
    }
  } finally {
    progress.clear();
  }
}

function noteCut({ text, tokens, truncated }: EmbeddedText<string>): void {
  if (truncated > 0) note(`tracelet: "${cut(text, 40)}" has ${tokens} tokens, of which the trace takes ${tokens - truncated}`);
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
