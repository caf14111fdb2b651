import type { ErrorCode } from './error.ts';

/** Every code a `TraceletError` can carry, and what it says went wrong. */
export const ERROR_CODES = {
  config: 'a configuration value is missing, out of range or unknown',
  checkpoint: 'a tensor of a checkpoint is missing, extra or wrongly shaped',
  format: 'a file does not follow its format',
  integrity: 'bytes do not match the hash stored with them',
  unsupported: 'a file is of a known kind that does not run here',
  version: 'a file was written by a version this build does not read',
  op: 'an op name is unknown to this build',
  shape: 'the dimensions of tensors do not fit',
  dtype: 'the element type of a tensor does not fit',
  value: 'an argument or element has a value that is not allowed',
  tied: 'two parameters share memory and cannot be traced',
  training: 'training mode was asked of an inference-only model',
  tracing: 'a model cannot be recorded as a trace',
  tracing_check: 'a trace and its eager model disagree',
  memory: 'memory could not be had',
  busy: 'a trace is in the middle of another call',
  disposed: 'an object was used after dispose()',
  source: 'a file, URL or stream could not be read or written',
  worker: 'a thread ended, failed or no longer answers',
  kernels: 'the wasm kernels could not be loaded or failed',
} as const satisfies Record<ErrorCode, string>;
