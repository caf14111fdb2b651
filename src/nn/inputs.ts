import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import { type Shape, sizeOf, Tensor, tensorLike } from '../tensor/tensor.ts';
import { flattened, headOf } from './nesting.ts';

/** What a tokenizer answers beside the inputs of a model. */
const BESIDE_INPUTS: readonly string[] = ['tokens', 'offset_mapping', 'special_tokens_mask', 'overflow_to_sample_mapping'];

const TEXTS = "Turn texts into tensors: tokenizer(texts, { padding: true, return_tensors: 'pt' })";

/** The inputs in an object of names, which may be what a tokenizer answered. */
const inputEntries = <T>(inputs: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(inputs).filter(([name]) => !BESIDE_INPUTS.includes(name));

/**
 * Inputs by name, given by position, as one list, or as one object of names; lists and objects of tensors under dotted names. Throws `value` errors for
 * unknown names and too many of them.
 */
export function nameInputs(args: readonly unknown[], names: readonly string[], what: string): Record<string, Tensor> {
  const heads = [...new Set(names.map(headOf))];
  const nests = new Set(names.filter((name) => name.includes('.')).map(headOf));
  const entriesOf = (values: readonly (readonly [string, unknown])[]): [string, unknown][] =>
    values.flatMap(([name, value]) => (nests.has(name) ? flattened(value, name) : [[name, value] as [string, unknown]]));
  const given = heads.length === 1 && nests.size === 1 ? inOne(args, names, heads[0]) : unlisted(unlisted(args));
  const [first] = given;
  const isByName = isObject(first) && !tensorLike(first) && !(nests.has(heads[0]) && !isNamed(first, heads));
  if (given.length === 1 && isByName) return checkNamed(entriesOf(inputEntries(first)), names, what);
  if (given.length > heads.length)
    throw new TraceletError('value', { what, expected: `at most ${heads.length} inputs (${heads.join(', ')})`, got: `${given.length}` });
  return checkNamed(entriesOf(Array.from(given, (value, i) => [heads[i], value] as const)), names, what);
}

const isNamed = (value: Record<string, unknown>, heads: readonly string[]): boolean =>
  Object.keys(value).some((key) => heads.includes(headOf(key)));

/** The only input, a list or an object of tensors: given as it is, in a list, or by its name. */
function inOne(args: readonly unknown[], names: readonly string[], head: string): readonly unknown[] {
  const [first] = args;
  if (args.length !== 1 || (isObject(first) && !Array.isArray(first) && isNamed(first, [head]))) return args;
  const isIt = (value: unknown): boolean => flattened(value, head).every(([name]) => names.includes(name));
  return Array.isArray(first) && !isIt(first) ? first : args;
}

/** What is in a list that stands alone. */
const unlisted = (args: readonly unknown[]): readonly unknown[] => (args.length === 1 && Array.isArray(args[0]) ? args[0] : args);

function checkNamed(entries: readonly (readonly [string, unknown])[], names: readonly string[], what: string): Record<string, Tensor> {
  const named: [string, Tensor][] = [];
  const known = new Set(names);
  for (const [name, value] of entries) {
    if (value === undefined || value === null) continue;
    const input = `${what}: input "${name}"`;
    const tensor = tensorLike(value);
    if (!known.has(name)) {
      if (name === TYPES && tensor && isZero(tensor)) continue;
      throw new TraceletError('value', { what: input, expected: `one of ${names.join(', ')}`, got: 'another name' });
    }
    if (!tensor)
      throw new TraceletError('value', {
        what: input,
        expected: 'a tensor',
        got: describe(value),
        cure: typeof value === 'string' ? TEXTS : 'Make one with tensor([...])',
      });
    named.push([name, tensor.recorded ? tensor : tensor.operand(tensor.dtype, input)]);
  }
  return Object.fromEntries(named);
}

/** Which text of a pair each token is of. Tokenizers answer it for every model; zeros mean nothing to one that does not take it. */
export const TYPES = 'token_type_ids';

/** Whether it is a tensor of nothing but zeros. */
export function isZero(value: unknown): boolean {
  const tensor = tensorLike(value);
  return tensor !== undefined && !tensor.recorded && !Array.prototype.some.call(tensor.data, (element) => Number(element) !== 0);
}

/** The input in which 0 stands for a token to leave out. */
export const MASK = 'attention_mask';

/** The same of the tokens of a decoder. */
const DECODER_MASK = 'decoder_attention_mask';

/** The input in which 0 stands for a token, such as one of a prompt, that pooling leaves out. */
export const POOLING_MASK = 'pooling_mask';

/**
 * The input `name` in whole numbers, as the kernels take them: int64, uint8 and bool become int32, and so does an
 * attention_mask of float32 zeros and ones. Throws `dtype` and `value` errors.
 */
export function toInt32(tensor: Tensor, name: string, what: string = `input "${name}"`): Tensor {
  const { dtype, shape } = tensor;
  if (dtype === 'int32') return tensor;
  const floatMask = (name === MASK || name === DECODER_MASK) && dtype === 'float32';
  if (dtype !== 'int64' && dtype !== 'bool' && dtype !== 'uint8' && dtype !== 'int8' && !floatMask)
    throw new TraceletError('dtype', {
      what,
      expected: 'int32, int64, uint8 or bool',
      got: dtype,
      cure: "Make it with { dtype: 'int32' }, as in ones([1, 14], { dtype: 'int32' })",
    });
  const values = Int32Array.from({ length: tensor.size }, (_, i) => {
    const value = Number(tensor.data[i]);
    const fits = floatMask ? value === 0 || value === 1 : Math.abs(value) <= 0x7fffffff;
    if (!fits)
      throw new TraceletError('value', {
        what: `${what}[${i}]`,
        expected: floatMask ? '0 or 1' : 'a whole number below 2³¹',
        got: String(tensor.data[i]),
      });
    return value;
  });
  return new Tensor('int32', shape, values);
}

/** What stands for an input that is not given, as in transformers, by the place of a token in its sequence. */
const DEFAULTS: Readonly<Record<string, (place: number) => number>> = {
  [TYPES]: () => 0,
  [MASK]: () => 1,
  [DECODER_MASK]: () => 1,
  [POOLING_MASK]: () => 1,
  position_ids: (place) => place,
};

/** Inputs that are the same as another one where they are not given. */
export const LIKE: Readonly<Record<string, string>> = { [POOLING_MASK]: MASK };

/** What stands for the input of that name where it is not given, if anything does. */
export function defaultInput(name: string, shape: Shape): Tensor | undefined {
  const valueAt = Object.hasOwn(DEFAULTS, name) ? DEFAULTS[name] : undefined;
  const sequence = shape.at(-1) as number;
  return (
    valueAt &&
    new Tensor(
      'int32',
      shape,
      Int32Array.from({ length: sizeOf(shape) }, (_, i) => valueAt(i % sequence)),
    )
  );
}

/** The same tensors in memory of their own. */
export const copied = (tensors: Record<string, Tensor>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.clone()]));
