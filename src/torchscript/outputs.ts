import type { Aten } from '../aten/aten.ts';
import { AtenTensor, Tuple } from '../aten/values.ts';
import { TraceletError } from '../base/error.ts';
import { DEEPEST, type NestedTensors } from '../nn/nesting.ts';
import { type ForwardResult, modelOutput } from '../nn/outputs.ts';
import { Tensor } from '../tensor/tensor.ts';
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

/** What a program answers as the result of a forward pass: `className` gives names to the tensors of a tuple that has none. */
export function resultOf(value: Value, aten: Aten, className: string): ForwardResult {
  const result = nestedOf(value, { aten, left: MOST_VALUES });
  if (result === undefined) throw wrong(value);
  if (!Array.isArray(result)) return result;
  const names = namesFor(result, className);
  return modelOutput(Object.fromEntries(result.map((entry, i) => [names?.[i] ?? String(i), entry])));
}

function wrong(value: Value): TraceletError {
  return new TraceletError('tracing', {
    what: 'the result of the program',
    expected: 'tensors, in tuples, lists and dicts',
    got: kindOfValue(value),
  });
}

const MOST_VALUES = 100_000;

/** Tensors in the lists and objects that a value is; undefined for None and for what holds no tensor. `left` counts down. */
function nestedOf(value: Value, pass: { aten: Aten; left: number }, depth = 0): NestedTensors | undefined {
  if (value instanceof AtenTensor) return pass.aten.lower(value);
  if (value === null) return undefined;
  if (depth === DEEPEST || pass.left-- === 0) throw wrong(value);
  const named = namedItems(value);
  const items = value instanceof Tuple ? value.items : isList(value) ? value : undefined;
  if (!named && !items) throw wrong(value);
  const inner = (item: Value): NestedTensors | undefined => nestedOf(item, pass, depth + 1);
  if (named) return someOf(Object.fromEntries(named.map(([name, item]) => [name, inner(item)])));
  const present = (items as readonly Value[]).map(inner).filter((entry) => entry !== undefined);
  return present.length > 0 ? present : undefined;
}

function namedItems(value: Value): readonly (readonly [string, Value])[] | undefined {
  if (value instanceof NamedTuple) return value.names.map((name, i) => [name, value.items[i]]);
  return isDict(value) ? [...value].map(([key, item]) => [String(key), item]) : undefined;
}

/** An object without what is undefined; undefined where nothing is left. */
function someOf(entries: Readonly<Record<string, NestedTensors | undefined>>): NestedTensors | undefined {
  const present = Object.entries(entries).filter((entry): entry is [string, NestedTensors] => entry[1] !== undefined);
  return present.length > 0 ? Object.fromEntries(present) : undefined;
}

/** Names in transformers, where as many tensors come as it has names for. */
function namesFor(entries: readonly NestedTensors[], className: string): string[] | undefined {
  const isSingle = (entry: NestedTensors): boolean => entry instanceof Tensor;
  const singles = entries.filter(isSingle).length;
  if (!entries.slice(0, singles).every(isSingle)) return undefined;
  const [, ...own] = NAMES.find(([ending, ...names]) => ending.test(className) && names.length === singles) ?? [];
  if (own.length === 0) return undefined;
  const names = [...own, ...entries.slice(singles).map(listName)];
  return names.every((name) => name !== undefined) && new Set(names).size === names.length ? (names as string[]) : undefined;
}

function listName(entry: NestedTensors): string | undefined {
  const [first] = Array.isArray(entry) ? entry : [];
  return first instanceof Tensor ? LISTS[first.shape.length] : undefined;
}
