import { join } from 'node:path';
import { Command } from 'commander';
import { SentenceTransformer } from '../../encoders/sentencetransformer.ts';
import type { ThreadCount } from '../../runtime/threads/choose.ts';
import { type Hit, search } from '../../search/search.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { identityOf, textIn } from '../folder.ts';
import { allTexts } from '../input.ts';
import { defaultTrace, findTrace } from '../model.ts';
import { examples, threadsOption } from '../options.ts';
import { note, print, printJson, table } from '../output.ts';
import { Progress, QUIET_MS } from '../progress.ts';
import { type Indexed, indexOf, type Place, type SearchIndex } from '../searchindex.ts';
import { shownScore, topOption } from '../tasks.ts';

interface SearchOptions {
  model?: string;
  index?: string;
  top: number;
  json?: boolean;
  threads?: ThreadCount;
}

/** A passage that answers a question. */
interface Found {
  file: string;
  line: number;
  start: number;
  end: number;
  score: number;
  text: string;
}

/** The file in which an index lies unless said otherwise. */
const INDEX = '.tracelet-search.safetensors';

/** `tracelet search` */
export const searchCommand = (signal: AbortSignal): Command =>
  new Command('search')
    .description('find passages of the text and Markdown files of a folder by what they say; what has not changed is read once')
    .argument('<folder>', 'the folder; hidden files and node_modules are passed over')
    .argument('<questions...>', 'questions or words; - for the lines of stdin, each of which is answered as it comes')
    .option(
      '-m, --model <model>',
      'a folder of sentence-transformers, a hub id or a trace (default: the all-MiniLM-L6-v2 that comes with tracelet)',
    )
    .option('--index <file>', `where vectors are kept (default: ${INDEX} in the folder)`)
    .addOption(topOption('passages to show', 5))
    .option(
      '--json',
      'print a line of JSON for each question: {"question", "hits": [{"file", "line", "start", "end", "score", "text"}, ...]}',
    )
    .addOption(threadsOption())
    .addHelpText(
      'after',
      examples('tracelet search notes/ "rising interest rates"', 'tracelet search notes/ - -m all-MiniLM-L6-v2/ --json < texts.txt'),
    )
    .action((folder: string, questions: string[], options: SearchOptions) => answer(folder, questions, options, signal));

async function answer(folder: string, questions: readonly string[], options: SearchOptions, signal: AbortSignal): Promise<void> {
  const { threads, index: path = join(folder, INDEX) } = options;
  const source = await sourceOf(options.model ?? defaultTrace());
  const reading = new Progress();
  const model = await SentenceTransformer.from_pretrained(source, { signal, threads, progress_callback: reading.reading }).finally(() =>
    reading.clear(),
  );
  const progress = new Progress(QUIET_MS);
  try {
    const identity = await identityOf(source);
    const index = await indexOf({ folder, path, model, identity, signal, progress }).finally(() => progress.clear());
    if (index.files.length === 0) note(`tracelet: ${folder} has no text or Markdown files`);
    for await (const question of allTexts(questions, signal)) {
      const hits = await found(question, index, folder, model, options.top, signal);
      if (options.json) printJson({ question, hits });
      else if (hits.length > 0) print(`${questions.length > 1 || questions[0] === '-' ? `${question}\n` : ''}${listing(hits)}\n`);
    }
  } finally {
    model.dispose();
  }
}

/** A folder with nothing but a trace stands for that. */
const sourceOf = async (model: string): Promise<string> => (await findTrace(model)) ?? model;

async function found(
  question: string,
  { files, vectors }: SearchIndex,
  folder: string,
  model: SentenceTransformer,
  top: number,
  signal: AbortSignal,
): Promise<Found[]> {
  const query = (await model.encode_query(question, { chunk: true, signal })) as Tensor;
  const passages = files.flatMap((file) => file.passages.map((place) => [file, place] as const));
  const texts = new Map<string, string>();
  const hits: Found[] = [];
  for (const { corpus_id, score } of await nearest(query, vectors, model, top, signal)) {
    const [file, place] = passages[corpus_id];
    const text = texts.get(file.path) ?? (await textIn(folder, file, signal)) ?? '';
    texts.set(file.path, text);
    hits.push(foundAt(file, place, score, text));
  }
  return hits;
}

const foundAt = ({ path: file }: Indexed, [start, end, line]: Place, score: number, text: string): Found => ({
  file,
  line,
  start,
  end,
  score,
  text: text.slice(start, end),
});

/** The rows that are most like a query, as the folder of the model compares them. */
async function nearest(query: Tensor, vectors: Tensor, model: SentenceTransformer, top_k: number, signal: AbortSignal): Promise<Hit[]> {
  const by = model.similarity_fn_name;
  if (vectors.shape[0] === 0) return [];
  if (by === 'cosine' || by === 'dot') return (await search(query, vectors, { top_k, score_function: by, signal }))[0];
  const scores = Array.from(model.similarity(query, vectors).data, (score, corpus_id) => ({ corpus_id, score }));
  return scores.sort((a, b) => b.score - a.score).slice(0, top_k);
}

const listing = (hits: readonly Found[]): string =>
  table([['score', 'place', 'passage'], ...hits.map(({ file, line, score, text }) => [shownScore(score), `${file}:${line}`, text])], 'rlt');
