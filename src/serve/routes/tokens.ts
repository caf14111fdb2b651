import { TraceletError } from '../../base/error.ts';
import { Slice } from '../../base/slices.ts';
import { promptOf } from '../../sentence/prompt.ts';
import type { PreTrainedTokenizerFast } from '../../tokenizer/index.ts';
import type { Call } from '../call.ts';
import { TEI } from '../dialect.ts';
import { limited, route } from '../route.ts';
import { COUNT, either, FILLED, flag, ID, list, object, orNull, text } from '../schema.ts';

const IDS = list(ID, { minItems: 1 });
const OPTIONS = { return_offsets_mapping: true, return_special_tokens_mask: true, offset_unit: 'utf16', truncation: false } as const;

interface Token {
  id: number;
  text: string;
  special: boolean;
  /** In bytes of UTF-8. */
  start: number | null;
  stop: number | null;
}

/** How many bytes of UTF-8 there are before each UTF-16 unit of a text, and before its end. */
function bytesBefore(given: string): Uint32Array {
  const before = new Uint32Array(given.length + 1);
  let bytes = 0;
  for (let at = 0; at < given.length; ) {
    const code = given.codePointAt(at) as number;
    const units = code > 0xffff ? 2 : 1;
    before.fill(bytes, at, at + units);
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    at += units;
  }
  before[given.length] = bytes;
  return before;
}

/** The tokens of a text, and where each of its own stands in it. */
function tokensOf(tokenizer: PreTrainedTokenizerFast, given: string, add_special_tokens: boolean): Token[] {
  const {
    input_ids,
    tokens,
    offset_mapping = [],
    special_tokens_mask = [],
  } = tokenizer.encode_plus(given, { ...OPTIONS, add_special_tokens });
  const before = bytesBefore(given);
  return input_ids.map((id, i) => {
    if (special_tokens_mask[i] === 1) return { id, text: tokens[i], special: true, start: null, stop: null };
    const [start, stop] = offset_mapping[i];
    return { id, text: given.slice(start, stop), special: false, start: before[start], stop: before[stop] };
  });
}

/** What is made of each; other requests are let through in between. */
async function inTurn<T, Made>({ signal }: Call, things: readonly T[], made: (thing: T) => Made): Promise<Made[]> {
  const slice = new Slice(signal);
  const all: Made[] = [];
  for (const thing of things) {
    all.push(made(thing));
    if (slice.over) await slice.next();
  }
  return all;
}

export const TEI_TOKENS = [
  route<{ inputs: string | string[]; add_special_tokens?: boolean; prompt_name?: string | null }>({
    method: 'POST',
    paths: ['/tokenize'],
    dialect: TEI,
    summary: 'The tokens of texts',
    ability: 'tokenize',
    body: object({
      inputs: either(FILLED, list(FILLED, { minItems: 1 })),
      'add_special_tokens?': flag(true),
      'prompt_name?': orNull(text('The name of a prompt of the model')),
    }),
    example: { inputs: 'A cat sleeps.' },
    answer: list(list(object({ id: ID, text: text(), special: { type: 'boolean' }, start: orNull(COUNT), stop: orNull(COUNT) }))),
    run(call, { inputs, add_special_tokens = true, prompt_name }) {
      const { reader } = call.models.find('tokenize').traced;
      const prompt = prompt_name ? promptOf(reader.sentence, { prompt_name }, 'tokenize') : '';
      const texts = limited(call, [inputs].flat(), 'inputs');
      return inTurn(call, texts, (each) => tokensOf(reader.tokenizer, prompt + each, add_special_tokens));
    },
  }),
  route<{ ids: number[] | number[][]; skip_special_tokens?: boolean }>({
    method: 'POST',
    paths: ['/decode'],
    dialect: TEI,
    summary: 'The texts that ids of tokens stand for',
    ability: 'tokenize',
    body: object({ ids: either(IDS, list(IDS, { minItems: 1 })), 'skip_special_tokens?': flag(true) }),
    example: { ids: [1, 2] },
    answer: list(text()),
    run(call, { ids, skip_special_tokens = true }) {
      const { tokenizer } = call.models.find('tokenize').traced;
      const rows = (Array.isArray(ids[0]) ? ids : [ids]) as number[][];
      const stray = rows.flat().find((id) => id >= tokenizer.length);
      if (stray !== undefined)
        throw new TraceletError('value', { what: 'ids', expected: `ids below ${tokenizer.length}, the number of tokens`, got: `${stray}` });
      return inTurn(call, limited(call, rows, 'ids'), (each) => tokenizer.decode(each, { skip_special_tokens }));
    },
  }),
];
