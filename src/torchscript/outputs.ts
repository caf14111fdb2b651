import type { Aten } from '../aten/aten.ts';
import { AtenTensor, Tuple } from '../aten/values.ts';
import { TraceletError } from '../base/error.ts';
import { type ForwardResult, modelOutput } from '../nn/outputs.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { isDict, isList, kindOfValue, NamedTuple, type Value } from './values.ts';

/** What single tensors among the outputs of a class are called in transformers, by how the name of the class ends; the first that fits counts. */
const NAMES: readonly (readonly [ending: RegExp, ...names: string[]])[] = [
  [/For(SequenceClassification|TokenClassification|MultipleChoice|NextSentencePrediction|MaskedLM|CausalLM)$/, 'logits'],
  [/LMHeadModel$/, 'logits'],
  [/ForQuestionAnswering$/, 'start_logits', 'end_logits'],
  [/ForPreTraining$/, 'prediction_logits', 'seq_relationship_logits'],
  [/(Model|Encoder)$/, 'last_hidden_state'],
  [/Model$/, 'last_hidden_state', 'pooler_output'],
];

/** Lists of tensors, by how many dimensions these have. */
const LISTS: Readonly<Record<number, string>> = { 3: 'hidden_states', 4: 'attentions' };

type Entry = Tensor | Tensor[];

/** What a program answers as the result of a forward pass: `className` gives names to the tensors of a tuple that has none. */
export function resultOf(value: Value, aten: Aten, className: string): ForwardResult {
  if (value instanceof AtenTensor) return aten.lower(value);
  if (value instanceof NamedTuple)
    return modelOutput(
      Object.fromEntries(
        entriesOf(
          value.items.map((item, i) => [value.names[i], item]),
          aten,
        ),
      ),
    );
  if (isDict(value))
    return modelOutput(
      Object.fromEntries(
        entriesOf(
          [...value].map(([key, item]) => [String(key), item]),
          aten,
        ),
      ),
    );
  const items = value instanceof Tuple ? value.items : isList(value) ? value : undefined;
  if (!items) throw wrong(value);
  const entries = entriesOf(
    items.map((item, i) => [String(i), item]),
    aten,
  ).map(([, entry]) => entry);
  const names = namesFor(entries, className);
  return modelOutput(Object.fromEntries(entries.map((entry, i) => [names?.[i] ?? String(i), entry])));
}

function wrong(value: Value): TraceletError {
  return new TraceletError('tracing', {
    what: 'the result of the program',
    expected: 'a tensor, a tuple, list or dict of tensors',
    got: kindOfValue(value),
  });
}

/** None answers nothing. */
function entriesOf(items: readonly (readonly [string, Value])[], aten: Aten): [string, Entry][] {
  return items.flatMap(([name, value]): [string, Entry][] => {
    if (value === null) return [];
    if (value instanceof AtenTensor) return [[name, aten.lower(value)]];
    const tensors = flattened(value).map((tensor) => aten.lower(tensor));
    return tensors.length > 0 ? [[name, tensors]] : [];
  });
}

const DEEPEST = 100;

/** The tensors of a tuple, list or dict of any depth, in order. */
function flattened(value: Value, depth = 0): AtenTensor[] {
  if (value instanceof AtenTensor) return [value];
  if (value === null) return [];
  const items = value instanceof Tuple ? value.items : isDict(value) ? [...value.values()] : isList(value) ? value : undefined;
  if (!items || depth > DEEPEST) throw wrong(value);
  return items.flatMap((item) => flattened(item, depth + 1));
}

/** Names in transformers, where as many tensors come as it has names for. */
function namesFor(entries: readonly Entry[], className: string): string[] | undefined {
  const isSingle = (entry: Entry): boolean => !Array.isArray(entry);
  const singles = entries.filter(isSingle).length;
  if (!entries.slice(0, singles).every(isSingle)) return undefined;
  const [, ...own] = NAMES.find(([ending, ...names]) => ending.test(className) && names.length === singles) ?? [];
  if (own.length === 0) return undefined;
  const lists = entries.slice(singles).map((entry) => LISTS[(entry as Tensor[])[0].shape.length]);
  const names = [...own, ...lists];
  return names.every((name) => name !== undefined) && new Set(names).size === names.length ? (names as string[]) : undefined;
}
