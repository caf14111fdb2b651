import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import { type Bounds, type Dim, evaluateDim, type Sizes, shapeAt, showDim, symbolOf } from '../tensor/dim.ts';
import type { DType } from '../tensor/dtype.ts';
import { type Shape, sizeOf, Tensor, tensorLike } from '../tensor/tensor.ts';
import type { Program } from './program.ts';
import { sizesOf } from './sizes.ts';

/** What a tokenizer answers beside the inputs of a model. */
const BESIDE_INPUTS: readonly string[] = ['tokens', 'offset_mapping', 'special_tokens_mask', 'overflowing_tokens', 'num_truncated_tokens'];

const TEXTS = "Turn texts into tensors: tokenizer(texts, { padding: true, return_tensors: 'pt' })";

/** The inputs in an object of names, which may be what a tokenizer answered. */
const inputEntries = <T>(inputs: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(inputs).filter(([name]) => !BESIDE_INPUTS.includes(name));

/** Inputs by name, given by position, as one list, or as one object of names. Throws `value` errors for unknown names and too many of them. */
export function nameInputs(args: readonly unknown[], names: readonly string[], what: string): Record<string, Tensor> {
  const given = unlisted(unlisted(args));
  const [first] = given;
  if (given.length === 1 && isObject(first) && !tensorLike(first)) return checkNamed(inputEntries(first), names, what);
  if (given.length > names.length)
    throw new TraceletError('value', { what, expected: `at most ${names.length} inputs (${names.join(', ')})`, got: `${given.length}` });
  return checkNamed(
    Array.from(given, (tensor, i) => [names[i], tensor] as const),
    names,
    what,
  );
}

/** What is in a list that stands alone. */
const unlisted = (args: readonly unknown[]): readonly unknown[] => (args.length === 1 && Array.isArray(args[0]) ? args[0] : args);

function checkNamed(entries: readonly (readonly [string, unknown])[], names: readonly string[], what: string): Record<string, Tensor> {
  const named: [string, Tensor][] = [];
  const known = new Set(names);
  for (const [name, value] of entries) {
    if (value === undefined || value === null) continue;
    const input = `${what}: input "${name}"`;
    if (!known.has(name)) throw new TraceletError('value', { what: input, expected: `one of ${names.join(', ')}`, got: 'another name' });
    const tensor = tensorLike(value);
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

/** The input in which 0 stands for a token to leave out. */
export const MASK = 'attention_mask';

/** The input in which 0 stands for a token, such as one of a prompt, that pooling leaves out. */
export const POOLING_MASK = 'pooling_mask';

/**
 * The input `name` in whole numbers, as the kernels take them: int64, uint8 and bool become int32, and so does an
 * attention_mask of float32 zeros and ones. Throws `dtype` and `value` errors.
 */
export function toInt32(tensor: Tensor, name: string, what: string = `input "${name}"`): Tensor {
  const { dtype, shape } = tensor;
  if (dtype === 'int32') return tensor;
  const floatMask = name === MASK && dtype === 'float32';
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
  token_type_ids: () => 0,
  [MASK]: () => 1,
  [POOLING_MASK]: () => 1,
  position_ids: (place) => place,
};

/** Inputs that are the same as another one where they are not given. */
const LIKE: Readonly<Record<string, string>> = { [POOLING_MASK]: MASK };

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

/** An input or output of a trace. */
export interface Signature {
  name: string;
  dtype: DType;
  /** At the sizes of the dummy inputs. */
  shape: Shape;
  /** The shape in symbols, where it depends on any. */
  dims?: readonly Dim[];
}

/** What a program takes or answers, in order. */
export const signaturesOf = (program: Program, side: 'inputs' | 'outputs'): Signature[] =>
  program[side].map(({ name, value }) => {
    const { dtype, shape, dims } = program.values[value];
    return dims ? { name, dtype, shape, dims } : { name, dtype, shape };
  });

/**
 * The arguments of a call as a trace with these inputs takes them, by name; those left out take their defaults. Throws `value`, `shape` and
 * `dtype` errors.
 */
export function fitInputs(args: readonly unknown[], signatures: readonly Signature[], bounds: Bounds = {}): Record<string, Tensor> {
  const names = signatures.map(({ name }) => name);
  const named = nameInputs(args, names, 'trace');
  const sizes = sizesOf(signatures.map(({ name, dims }) => ({ dims, shape: named[name]?.shape ?? [] })));
  const anyGiven = Object.keys(named).length > 0;
  return Object.fromEntries(
    signatures.map((signature) => {
      const { name } = signature;
      const tensor = named[name] ?? named[LIKE[name]] ?? (anyGiven ? absentInput(signature, sizes) : undefined);
      if (!tensor) throw missing(signature);
      checkRank(tensor, signature);
      return [name, fitInput(tensor, signature, sizes, bounds)];
    }),
  );
}

/** The default of an input, where it has one and the inputs that are given say how large it is. */
function absentInput({ name, dtype, shape, dims = shape }: Signature, sizes: Sizes): Tensor | undefined {
  const isSized = dims.every((dim) => typeof dim === 'number' || (symbolOf(dim) ?? '') in sizes);
  return dtype === 'int32' && isSized ? defaultInput(name, shapeAt(dims, sizes)) : undefined;
}

const missing = (signature: Signature): TraceletError =>
  new TraceletError('value', {
    what: `trace: input "${signature.name}"`,
    expected: `${signature.dtype} ${showShape(signature)}, as when it was traced`,
    got: 'nothing',
  });

/** Dimensions as messages show them. */
export const showShape = ({ shape, dims = shape }: Pick<Signature, 'shape' | 'dims'>): string => `[${dims.map(showDim)}]`;

const tracedWith = (signature: Signature): string => `The trace was made with ${signature.name} ${showShape(signature)}`;

function checkRank(tensor: Tensor, signature: Signature): void {
  const rank = signature.shape.length;
  if (tensor.shape.length !== rank)
    throw new TraceletError('shape', {
      what: `input "${signature.name}"`,
      expected: `${rank} dimensions, ${showShape(signature)}`,
      got: `[${tensor.shape}]`,
      cure: tracedWith(signature),
    });
}

/** The tensor as a trace with this input takes it. Dimensions that are fixed throw the sentence that PyTorch's traces throw. */
function fitInput(tensor: Tensor, signature: Signature, sizes: Sizes, bounds: Bounds): Tensor {
  const { name, dtype, shape, dims = shape } = signature;
  dims.forEach((dim, axis) => {
    const got = tensor.shape[axis];
    const symbol = symbolOf(dim);
    if (symbol !== undefined) checkBounds(symbol, got, bounds[symbol], tensor, signature);
    const wanted = evaluateDim(dim, sizes);
    if (got === wanted) return;
    if (typeof dim === 'number') throw fixedSize(got, wanted, axis, tensor, signature);
    throw new TraceletError('shape', {
      what: `input "${name}", dimension ${axis}`,
      expected: `${showDim(dim)} = ${wanted}, as the inputs before it`,
      got: `${got}`,
      cure: tracedWith(signature),
    });
  });
  return dtype === 'int32' ? toInt32(tensor, name) : tensor.operand(dtype, `input "${name}"`);
}

function checkBounds(symbol: string, got: number, [low, high]: readonly [number, number], tensor: Tensor, signature: Signature): void {
  if (got >= low && got <= high) return;
  throw new TraceletError('shape', {
    what: `input "${signature.name}" [${tensor.shape}]: ${symbol}`,
    expected: `${low} to ${high}, the bounds of ${symbol} in this trace`,
    got: `${got}`,
    cure: `${tracedWith(signature)}: shorten or split the input, or trace again with wider bounds in dynamic`,
  });
}

const fixedSize = (got: number, wanted: number, axis: number, { shape }: Tensor, signature: Signature): TraceletError =>
  new TraceletError('shape', {
    sentence: `The expanded size of the tensor (${got}) must match the existing size (${wanted}) at non-singleton dimension ${axis}`,
    what: `${tracedWith(signature)} and called with [${shape}]`,
    cure:
      got < wanted
        ? 'Pad the input to the traced size, with an attention_mask: traced.pad(inputs) does it'
        : 'Trace the model again with dummy inputs at least as large as the largest input, or with dynamic sizes',
  });

/** The same tensors in memory of their own. */
export const copied = (tensors: Record<string, Tensor>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.clone()]));
