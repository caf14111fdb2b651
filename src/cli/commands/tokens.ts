import { Command } from 'commander';
import { AutoTokenizer } from '../../models/auto.ts';
import type { Encoding } from '../../tokenizer/index.ts';
import { examples } from '../options.ts';
import { print, printJson, striped, table } from '../output.ts';
import { Progress } from '../progress.ts';
import { cut } from '../terminal.ts';

interface TokensOptions {
  model: string;
  pair?: string;
  special: boolean;
  json?: boolean;
}

interface Row {
  token: string;
  id: number;
  start: number;
  end: number;
  special: boolean;
  /** What the token stands for. */
  text: string;
}

/** `tracelet tokens` */
export const tokensCommand = (signal: AbortSignal): Command =>
  new Command('tokens')
    .description('show how a text is cut into tokens')
    .argument('<text>', 'the text')
    .requiredOption('-m, --model <model>', 'a directory or hub id with a tokenizer, or a trace in which one travels')
    .option('--pair <text>', 'a second text behind it')
    .option('--no-special', 'without the tokens around texts')
    .option('--json', 'print JSON: an array of {"token", "id", "start", "end", "special", "text"}; offsets count UTF-16 units')
    .addHelpText(
      'after',
      examples(
        'tracelet tokens "A cat on a mat." -m all-MiniLM-L6-v2/',
        'tracelet tokens "Is it?" --pair "It is." -m minilm.tracelet --json',
      ),
    )
    .action((text: string, options: TokensOptions) => tokens(text, options, signal));

async function tokens(text: string, { model, pair, special, json }: TokensOptions, signal: AbortSignal): Promise<void> {
  const progress = new Progress();
  const tokenizer = await AutoTokenizer.from_pretrained(model, { signal, progress_callback: progress.reading }).finally(() =>
    progress.clear(),
  );
  const asked = { add_special_tokens: special, return_offsets_mapping: true, return_special_tokens_mask: true };
  const rows = rowsOf(tokenizer.encode_plus(text, pair ?? null, asked), [text, pair ?? '']);
  if (json) return printJson(rows);
  const pieces = striped(rows.map((row) => cut(row.special ? row.token : row.text, 200)));
  if (pieces) print(`${pieces}\n`);
  const cells = rows.map(({ token, id, start, end, text: part, special: isSpecial }) => [
    cut(token, 40),
    `${id}`,
    ...(isSpecial ? [] : [`${start}`, `${end}`, cut(JSON.stringify(part), 60)]),
  ]);
  print(table([['token', 'id', 'start', 'end', 'text'], ...cells], 'lrrrl'));
}

/** Each token with the part of its text that it stands for. */
function rowsOf(encoding: Encoding, texts: readonly [string, string]): Row[] {
  const { input_ids, tokens, special_tokens_mask = [], offset_mapping = [] } = encoding;
  const sequences = encoding.sequence_ids();
  return tokens.map((token, i) => {
    const [start, end] = offset_mapping[i];
    const sequence = sequences[i];
    const text = sequence === null ? '' : texts[sequence].slice(start, end);
    return { token, id: input_ids[i], start, end, special: special_tokens_mask[i] === 1, text };
  });
}
