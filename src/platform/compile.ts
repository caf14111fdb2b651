import { TraceletError } from '../base/error.ts';
import type { Binary, Carried, KernelSource } from './platform.ts';
import { sharing } from './shared.ts';

type BytesOf = (binary: Binary, carried?: Carried[string]) => Uint8Array<ArrayBuffer>;

/** Binaries compiled, once each, from bytes that the engine validates. */
export function compiled(bytesOf: BytesOf): KernelSource {
  const [plain, common] = [new Map<Binary, WebAssembly.Module | undefined>(), new Map<Binary, WebAssembly.Module | undefined>()];
  return (binary, shared = false, carried) => {
    const modules = shared ? common : plain;
    if (!modules.has(binary)) {
      const bytes = read(() => bytesOf(binary, carried), binary);
      modules.set(binary, compile(shared ? sharing(bytes) : bytes, binary));
    }
    return modules.get(binary);
  };
}

function read(bytesOf: () => Uint8Array<ArrayBuffer>, binary: Binary): Uint8Array<ArrayBuffer> {
  try {
    return bytesOf();
  } catch (cause) {
    throw new TraceletError('kernels', {
      what: `${binary} kernels`,
      expected: `the file ${binary}.wasm beside the script`,
      got: String((cause as Error).message),
      cure:
        'Bundle with the export condition of the runtime ("browser", "workerd"), in Node with "module" beside "node", or import tracelet/inline ' +
        '(docs/bundlers.md)',
      cause,
    });
  }
}

function compile(bytes: Uint8Array<ArrayBuffer>, binary: Binary): WebAssembly.Module | undefined {
  if (typeof WebAssembly === 'undefined')
    throw new TraceletError('kernels', { what: 'tracelet', expected: 'a runtime with WebAssembly', got: 'one without' });
  if (!WebAssembly.validate(bytes)) return undefined;
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    throw new TraceletError('kernels', {
      what: `${binary} kernels`,
      expected: 'leave to compile wasm',
      got: String((cause as Error).message),
      cure:
        "On a page, add 'wasm-unsafe-eval' to script-src of its Content-Security-Policy; in an edge worker, bundle with the export condition " +
        '"workerd", or give compiled modules to useKernels',
      cause,
    });
  }
}
