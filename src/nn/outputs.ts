import { TraceletError } from '../base/error.ts';
import { DENO_INSPECT, INSPECT } from '../tensor/show.ts';
import { Tensor } from '../tensor/tensor.ts';

/**
 * What a model answers: a tuple whose entries also stand under the names that transformers gives them.
 * `out[0]` is `out.last_hidden_state`; `hidden_states` and `attentions` are tuples themselves.
 */
export type ModelOutput = Floats[] & { readonly [name: string]: Floats } & {
  readonly hidden_states: Floats[];
  readonly attentions: Floats[];
};

type Floats = Tensor<'float32'>;

/** What a forward pass may return. */
export type ForwardResult = Tensor | readonly (Tensor | readonly Tensor[])[] | Readonly<Record<string, Tensor | readonly Tensor[]>>;

export interface Named {
  name: string;
  tensor: Tensor;
}

/** Shows its tensors under their names. */
class Outputs extends Array<Tensor | readonly Tensor[]> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  toJSON(): object {
    const entries = entriesOf(this);
    return entries.some(([name], i) => name !== `${i}`) ? Object.fromEntries(entries) : entries.map(([, value]) => value);
  }

  override toString(): string {
    const show = (value: Tensor | readonly Tensor[]): string => (Array.isArray(value) ? `[${value.map(show).join(',\n')}]` : String(value));
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
export function modelOutput(entries: Readonly<Record<string, Tensor | Tensor[] | undefined>>): ModelOutput {
  const present = Object.entries(entries).filter((entry): entry is [string, Tensor | Tensor[]] => entry[1] !== undefined);
  const tuple = Object.setPrototypeOf(
    present.map(([, value]) => value),
    Outputs.prototype,
  ) as Outputs;
  for (const [name, value] of present) if (!NUMBER.test(name)) Object.defineProperty(tuple, name, { value, enumerable: true });
  return tuple as unknown as ModelOutput;
}

/** Names of a tuple made by {@link modelOutput}, or numbers for plain tuples. */
function entriesOf(result: ForwardResult): [string, Tensor | readonly Tensor[]][] {
  if (!Array.isArray(result)) return Object.entries(result as Record<string, Tensor | readonly Tensor[]>);
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

export const OUTPUT_NAMES = 'names without dots other than "length" and "__proto__"';

/** Whether `name` can stand on a tuple, with the number of a tuple's entry behind it or without. */
export const isOutputName = (name: string): boolean => /^(?!(length|__proto__)(\.|$))[^.]*(\.\d+)?$/.test(name);

/** Every tensor of a result under its dotted name. */
export function flattenOutputs(result: ForwardResult): { structure: 'tensor' | 'tuple'; tensors: Named[] } {
  if (result instanceof Tensor) return { structure: 'tensor', tensors: [{ name: 'output', tensor: result }] };
  if (typeof result !== 'object' || result === null) throw notTensors(result);
  const entries = entriesOf(result);
  const unusable = entries.find(([name]) => name.includes('.') || !isOutputName(name));
  if (unusable) throw new TraceletError('tracing', { what: 'the result of forward', expected: OUTPUT_NAMES, got: `"${unusable[0]}"` });
  const tensors = entries.flatMap(([name, value]) =>
    Array.isArray(value) ? value.map((tensor: Tensor, i) => ({ name: `${name}.${i}`, tensor })) : [{ name, tensor: value as Tensor }],
  );
  for (const { tensor } of tensors) if (!(tensor instanceof Tensor)) throw notTensors(tensor);
  return { structure: 'tuple', tensors };
}

/** The inverse of {@link flattenOutputs}. */
export function unflattenOutputs(structure: 'tensor' | 'tuple', tensors: readonly Named[]): Tensor | ModelOutput {
  if (structure === 'tensor') return tensors[0].tensor;
  const entries: Record<string, Tensor | Tensor[]> = {};
  for (const { name, tensor } of tensors) {
    const [head, index] = name.split('.');
    if (index === undefined) entries[head] = tensor;
    else {
      entries[head] ??= [];
      (entries[head] as Tensor[]).push(tensor);
    }
  }
  return modelOutput(entries);
}

function notTensors(got: unknown): TraceletError {
  return new TraceletError('tracing', {
    what: 'the result of forward',
    expected: 'a tensor, a tuple of tensors, or an object of tensors',
    got: got === null ? 'null' : typeof got,
  });
}
