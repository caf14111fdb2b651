import { TraceletError } from '../error.ts';
import type { KernelSource, Variant } from './platform.ts';

/** Kernels compiled, once each, from bytes that the engine validates. */
export function compiled(bytesOf: (variant: Variant) => Uint8Array<ArrayBuffer>): KernelSource {
  const modules = new Map<Variant, WebAssembly.Module | undefined>();
  return (variant) => {
    if (!modules.has(variant)) modules.set(variant, compile(read(bytesOf, variant), variant));
    return modules.get(variant);
  };
}

function read(bytesOf: (variant: Variant) => Uint8Array<ArrayBuffer>, variant: Variant): Uint8Array<ArrayBuffer> {
  try {
    return bytesOf(variant);
  } catch (cause) {
    throw new TraceletError('kernels', {
      what: `${variant} kernels`,
      expected: `the file ${variant}.wasm beside the script`,
      got: String((cause as Error).message),
      cure: 'Bundle with the export condition of the runtime ("browser", "workerd"), or import tracelet/inline',
      cause,
    });
  }
}

function compile(bytes: Uint8Array<ArrayBuffer>, variant: Variant): WebAssembly.Module | undefined {
  if (typeof WebAssembly === 'undefined')
    throw new TraceletError('kernels', { what: 'tracelet', expected: 'a runtime with WebAssembly', got: 'one without' });
  if (!WebAssembly.validate(bytes)) return undefined;
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    throw new TraceletError('kernels', {
      what: `${variant} kernels`,
      expected: 'leave to compile wasm',
      got: String((cause as Error).message),
      cure:
        "On a page, add 'wasm-unsafe-eval' to script-src of its Content-Security-Policy; in an edge worker, bundle with the export condition " +
        '"workerd", or give compiled modules to useKernels',
      cause,
    });
  }
}
