import { BertModel, BertTokenizer, Tensor, tensor, zeros } from '../../src/index.ts';

/** What the caller's own code throws in junk that throws. */
export const OWN = new Error('thrown by the caller');

/** What a signal among the junk was aborted with. */
export const STOPPED = new DOMException('stopped', 'AbortError');

const thrower = (): never => {
  throw OWN;
};

function detached<T extends ArrayBuffer | Uint8Array>(made: T): T {
  const buffer = (made instanceof ArrayBuffer ? made : made.buffer) as ArrayBuffer;
  structuredClone(buffer, { transfer: [buffer] });
  return made;
}

function sent(to: ReadableStreamDefaultController, piece: unknown): void {
  to.enqueue(piece);
  to.close();
}

const typedArrays = [Uint8Array, Int8Array, Uint16Array, Int32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array];

/** Values that nothing takes, or that only some things do: made anew for each call, since a call may change them. */
export const JUNK: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  NaN: () => Number.NaN,
  Infinity: () => Number.POSITIVE_INFINITY,
  '-1': () => -1,
  '0': () => 0,
  '1.5': () => 1.5,
  '1e20': () => 1e20,
  '2n ** 70n': () => 2n ** 70n,
  'an empty string': () => '',
  "'x'": () => 'x',
  'a lone surrogate': () => '\ud800',
  'a null character': () => 'a\0b',
  'a symbol': () => Symbol('x'),
  '{}': () => ({}),
  '[]': () => [],
  '[[]]': () => [[]],
  '[undefined]': () => [undefined],
  '[a symbol]': () => [Symbol('x')],
  "['a', 'b']": () => ['a', 'b'],
  'a sparse array': () => new Array(2),
  'an array that holds itself': () => {
    const holder: unknown[] = [];
    holder.push(holder);
    return holder;
  },
  'an object without prototype': () => Object.create(null),
  'an array of one': () => [Object.create(null)],
  'a frozen object': () => Object.freeze({ x: 1 }),
  'an object that throws when read': () => Object.defineProperty({}, 'x', { get: thrower, enumerable: true }),
  'an object that throws when shown': () => ({ toString: thrower, [Symbol.toPrimitive]: thrower }),
  'a proxy that throws': () => new Proxy({}, { get: thrower, has: thrower, ownKeys: thrower, getPrototypeOf: thrower }),
  'a proxy of a function': () => new Proxy(() => 1, {}),
  'a function': () => () => 1,
  'a function that throws': () => thrower,
  'an async function': () => async () => 1,
  'a generator': () => (function* () {})(),
  'an iterator that throws': () => ({ [Symbol.iterator]: thrower }),
  'an iterable of objects': () => new Set([{}]),
  'an object whose constructor is none': () => ({ constructor: 7, name: 7, length: -1 }),
  'a class': () => class {},
  'a date': () => new Date(Number.NaN),
  'a map': () => new Map(),
  'a weak map': () => new WeakMap(),
  'a regular expression': () => /x/,
  'an error': () => new Error('x'),
  'a promise': () => Promise.resolve(1),
  'an address': () => new URL('https://hub.invalid/x'),
  'a blob': () => new Blob(['x']),
  'a response': () => new Response('x'),
  'a refused response': () => new Response(null, { status: 404 }),
  'a stream': () => new Blob(['x']).stream(),
  'a stream of strings': () => new ReadableStream({ start: (to) => sent(to, 'x') }),
  'a stream of nothing': () => new ReadableStream({ start: (to) => sent(to, undefined) }),
  'a locked stream': () => {
    const stream = new Blob(['x']).stream();
    stream.getReader();
    return stream;
  },
  'an aborted signal': () => AbortSignal.abort(STOPPED),
  'a buffer': () => new ArrayBuffer(8),
  'a detached buffer': () => detached(new ArrayBuffer(8)),
  'a detached array': () => detached(new Uint8Array(8)),
  'shared memory': () => new SharedArrayBuffer(8),
  'an array on shared memory': () => new Uint8Array(new SharedArrayBuffer(8)),
  'a view': () => new DataView(new ArrayBuffer(8)),
  'an empty array of bytes': () => new Uint8Array(0),
  ...Object.fromEntries(typedArrays.map((array) => [`a ${array.name}`, () => new array(2)])),
  'what looks like a tensor': () => ({ dtype: 'float32', shape: [3], data: new Float32Array(2) }),
  'what looks like a tensor of symbols': () => ({ dtype: Symbol('x'), shape: [Symbol('x')], data: new Float32Array(2) }),
  'float32 [2]': () => tensor([1.5, 2]),
  'float32 [2, 2]': () =>
    tensor([
      [1.5, 2],
      [3, 4],
    ]),
  'float16 [1]': () => tensor([1.5], { dtype: 'half' }),
  'bfloat16 [1]': () => tensor([1.5], { dtype: 'bfloat16' }),
  'float64 [1]': () => tensor([1.5], { dtype: 'double' }),
  'int64 [1]': () => tensor([2n ** 62n]),
  'int32 [1, 2]': () => tensor([[-1, 2]]),
  'int8 [1]': () => tensor([-1], { dtype: 'int8' }),
  'uint8 [1]': () => tensor([255], { dtype: 'uint8' }),
  'bool [1]': () => tensor([true], { dtype: 'bool' }),
  'NaN [1, 1]': () => tensor([[Number.NaN]]),
  'a tensor of no elements': () => zeros([0, 3]),
  'a tensor of one number': () => tensor(1.5),
  'a tensor of many dimensions': () => zeros([1, 1, 1, 1, 2]),
  'a detached tensor': () => {
    const made = tensor([1.5, 2]);
    detached(made.data as unknown as Uint8Array);
    return made;
  },
  'the class of tensors': () => Tensor,
  'the class of a model': () => BertModel,
  'a tokenizer': () => TOKENIZER,
  'what a tokenizer answers': () => TOKENIZER('x', { return_tensors: true }),
  'an encoding': () => TOKENIZER('x'),
};

const TOKENIZER = new BertTokenizer({ vocab: ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'x'] });
