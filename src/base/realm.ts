/**
 * What values are, told by what they hold or can do. Frames, test runners and vm contexts each have classes of their own, so `instanceof` would
 * take the buffer, URL or stream of another one for something else.
 */

export const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

const typedArrays = Object.getPrototypeOf(Uint8Array.prototype) as object;
const nameOf = Object.getOwnPropertyDescriptor(typedArrays, Symbol.toStringTag)?.get as () => string | undefined;

/** The name of the class of a typed array, such as `Float32Array`; undefined for what is none. */
export const typedArrayName = (value: unknown): string | undefined => nameOf.call(value);

export const isBytes = (value: unknown): value is Uint8Array => typedArrayName(value) === 'Uint8Array';
export const isArrayBuffer = (value: unknown): value is ArrayBuffer => tagOf(value) === 'ArrayBuffer';
export const isSharedBuffer = (value: unknown): value is SharedArrayBuffer => tagOf(value) === 'SharedArrayBuffer';
export const isWasmModule = (value: unknown): value is WebAssembly.Module => tagOf(value) === 'WebAssembly.Module';
export const isMap = (value: unknown): value is ReadonlyMap<unknown, unknown> => tagOf(value) === 'Map';

/** Whether it can be called: a class cannot. */
export const isFunction = (value: unknown): value is (...args: never[]) => unknown =>
  typeof value === 'function' && !/^class\b/.test(Function.prototype.toString.call(value));

/** Whether nothing can be read of a buffer, for it was moved to another thread. */
export function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

const can = (value: unknown, ...methods: string[]): boolean =>
  typeof value === 'object' && value !== null && methods.every((name) => typeof Reflect.get(value, name) === 'function');

export const isUrl = (value: unknown): value is URL => tagOf(value) === 'URL' && typeof (value as URL).href === 'string';
export const isResponse = (value: unknown): value is Response => can(value, 'arrayBuffer') && can((value as Response).headers, 'get');
export const isBlob = (value: unknown): value is Blob => can(value, 'arrayBuffer', 'stream') && typeof (value as Blob).size === 'number';
export const isStream = (value: unknown): value is ReadableStream => can(value, 'getReader', 'cancel');
export const isCache = (value: unknown): boolean => can(value, 'match', 'put');
export const isSignal = (value: unknown): value is AbortSignal => can(value, 'throwIfAborted', 'addEventListener');
export const isPromise = <T>(value: T | Promise<T>): value is Promise<T> => can(value, 'then');

/** What an error says, or what was thrown in its place. */
export const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
