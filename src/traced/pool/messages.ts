import { type ErrorCode, TraceletError } from '../../base/error.ts';
import type { Region } from '../../kernels/arena.ts';
import type { Named } from '../../nn/outputs.ts';
import type { Target } from '../../runtime/instance.ts';
import type { Loan } from '../../runtime/loan.ts';
import type { DType } from '../../tensor/dtype.ts';
import { Tensor } from '../../tensor/tensor.ts';

/** What a worker is told first. */
export interface Setup extends Loan {
  target: Target;
  /** Compiled binaries, by {@link moduleKey}. */
  modules: ReadonlyMap<string, WebAssembly.Module>;
  /** What of a shared memory is free for the worker's activations. */
  region?: Region;
}

/** A call. */
export interface CallRequest {
  method: string;
  inputs: SentTensor[];
  /** Names of the outputs that are wanted, or all. */
  outputs?: readonly string[];
  /** Whether a `stop` may come. */
  stoppable: boolean;
}

/** `stop` says that nobody waits any more for the call under way. Each of the others is answered once. */
export type WorkerRequest = { setup: Setup } | { call: CallRequest } | { stop: true };

/** What comes of a call or a setup. `region` is the worker's from then on. */
export type Reply = { region: Region } & ({ outputs: SentTensor[] } | { failed: Failure });

export interface SentTensor {
  name: string;
  dtype: DType;
  shape: readonly number[];
  data: Tensor['data'];
}

/** An error on its way to another thread. */
export interface Failure {
  /** Of errors of the library. */
  code?: ErrorCode;
  what: string;
  cure?: string;
  message: string;
}

export const moduleKey = (binary: string, shared: boolean): string => `${binary} ${shared}`;

export const sent = (tensors: readonly Named[]): SentTensor[] =>
  tensors.map(({ name, tensor: { dtype, shape, data } }) => ({ name, dtype, shape, data }));

/** What is sent does not have to be copied. */
export const buffersOf = (tensors: readonly SentTensor[]): ArrayBuffer[] => tensors.map(({ data }) => data.buffer as ArrayBuffer);

export const received = (tensors: readonly SentTensor[]): Named[] =>
  tensors.map(({ name, dtype, shape, data }) => ({ name, tensor: new Tensor(dtype, shape, data) }));

export function failureOf(error: unknown): Failure {
  if (error instanceof TraceletError) return { code: error.code, what: error.what, cure: error.cure, message: error.message };
  return { what: 'a worker of the trace', message: String(error) };
}

/** The error that happened there: one of the library has the code and words that it had. */
export function errorOf({ code, what, cure, message }: Failure): TraceletError {
  if (!code) return new TraceletError('worker', { what, expected: 'a call that completes', got: message });
  return Object.assign(new TraceletError(code, { what, cure }), { message });
}
