import { TraceletError } from '../base/error.ts';
import { DENO_INSPECT, INSPECT } from '../tensor/show.ts';
import { Tensor } from '../tensor/tensor.ts';
import { DEEPEST, type NestedTensors, nested } from './nesting.ts';

/**
 * What a model answers: a tuple whose entries also stand under the names that transformers gives them.
 * `out[0]` is `out.last_hidden_state`; `hidden_states` and `attentions` are tuples themselves.
 */
export type ModelOutput = Floats[] & { readonly [name: string]: Floats } & {
  readonly hidden_states: Floats[];
  readonly attentions: Floats[];
};

type Floats = Tensor<'float32'>;

/** What a forward pass may return: a tensor, lists and objects of tensors, of any depth. */
export type ForwardResult = NestedTensors;

export interface Named {
  name: string;
  tensor: Tensor;
}

/** Shows its tensors under their names. */
class Outputs extends Array<NestedTensors> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  toJSON(): object {
    const entries = entriesOf(this);
    return entries.some(([name], i) => name !== `${i}`) ? Object.fromEntries(entries) : entries.map(([, value]) => value);
  }

  override toString(): string {
    const show = (value: NestedTensors): string =>
      Array.isArray(value) && !(value instanceof Outputs) ? `[${value.map(show).join(',\n')}]` : String(value);
    return `{\n${entriesOf(this)
      .map(([name, value]) => `  ${name}: ${show(value).replaceAll('\n', '\n  ')}`)
      .join(',\n')}\n}`;
  }

  [INSPECT](): string {
    return this.toString();
  }

  [DENO_INSPECT](): string {
    return this.toString();
  }
}

const NUMBER = /^\d+$/;

/** A tuple with names from named entries, in their order. Engines make a plain array faster than one of a subclass. */
export function modelOutput(entries: Readonly<Record<string, NestedTensors | undefined>>): ModelOutput {
  const present = Object.entries(entries).filter((entry): entry is [string, Tensor] => entry[1] !== undefined);
  return tupleOf(present);
}

function tupleOf(present: readonly [string, unknown][]): ModelOutput {
  const tuple = Object.setPrototypeOf(
    present.map(([, value]) => value),
    Outputs.prototype,
  ) as Outputs;
  for (const [name, value] of present) if (!NUMBER.test(name)) Object.defineProperty(tuple, name, { value, enumerable: true });
  return tuple as unknown as ModelOutput;
}

/** Names of a tuple made by {@link modelOutput}, or numbers for plain tuples. */
function entriesOf(result: NestedTensors): [string, NestedTensors][] {
  if (!Array.isArray(result)) return Object.entries(result as Record<string, NestedTensors>);
  const names = new Map<unknown, string[]>();
  for (const name of Object.getOwnPropertyNames(result)) {
    if (name === 'length' || NUMBER.test(name)) continue;
    const value = Reflect.get(result, name);
    const others = names.get(value);
    if (others) others.push(name);
    else names.set(value, [name]);
  }
  return result.map((value, i) => [names.get(value)?.shift() ?? String(i), value]);
}

export const OUTPUT_NAMES = 'names without dots other than "length" and "__proto__", within one another between dots';

/** Whether `name` can stand on tuples, with those of the parts that it is in before it. */
export const isOutputName = (name: string): boolean => name.split('.').every((part) => part !== 'length' && part !== '__proto__');

/** Every tensor of a result under its dotted name. */
export function flattenOutputs(result: ForwardResult): { structure: 'tensor' | 'tuple'; tensors: Named[] } {
  if (result instanceof Tensor) return { structure: 'tensor', tensors: [{ name: 'output', tensor: result }] };
  if (typeof result !== 'object' || result === null) throw notTensors(result);
  return { structure: 'tuple', tensors: tensorsIn(result, '', 0) };
}

function tensorsIn(result: NestedTensors, before: string, depth: number): Named[] {
  if (depth > DEEPEST) throw notTensors(result, `lists in one another, more than ${DEEPEST}`);
  return entriesOf(result).flatMap(([key, value]) => {
    if (key.includes('.') || !isOutputName(key))
      throw new TraceletError('tracing', { what: 'the result of forward', expected: OUTPUT_NAMES, got: `"${key}"` });
    const name = before + key;
    if (value instanceof Tensor) return [{ name, tensor: value }];
    if (typeof value !== 'object' || value === null) throw notTensors(value);
    return tensorsIn(value, `${name}.`, depth + 1);
  });
}

/** The inverse of {@link flattenOutputs}. */
export function unflattenOutputs(structure: 'tensor' | 'tuple', tensors: readonly Named[]): Tensor | ModelOutput {
  if (structure === 'tensor') return tensors[0].tensor;
  const entries = tensors.map(({ name, tensor }) => [name, tensor] as const);
  return tupleOf(nested(entries, tupleOf));
}

function notTensors(result: unknown, got = result === null ? 'null' : typeof result): TraceletError {
  return new TraceletError('tracing', {
    what: 'the result of forward',
    expected: 'a tensor, a tuple of tensors, or an object of tensors',
    got,
  });
}
