import { type ErrorCode, TraceletError } from '../../src/base/error.ts';
import { bytesOfText, type Kind, must, textOfBytes } from './kind.ts';

const kept: unknown[] = [];

const problem =
  (what: string, expected?: string, code: ErrorCode = 'format') =>
  (): never => {
    throw new TraceletError(code, { what, expected });
  };

/** An error whose message was made otherwise than the library makes them. */
const spoken = (message: string) => (): never => {
  throw Object.assign(new TraceletError('format', { what: 'a file', expected: 'sound bytes' }), { message });
};

/** What a library may do wrong, by name, and what it may do. */
const FAULTS: Record<string, (accept: () => void) => unknown> = {
  hang() {
    for (let i = 0; ; i++) kept[i % 2] = i;
  },
  slow() {
    const end = process.cpuUsage().user + 2_500_000;
    while (process.cpuUsage().user < end);
  },
  never: () => new Promise(() => {}),
  untyped: () => (undefined as unknown as { x: number }).x,
  unnamed: problem('a file'),
  long: spoken(`a file: expected ${'x'.repeat(5000)}`),
  unprintable: spoken('a file: expected \u001b[31m'),
  object: spoken(`a file: expected ${{}}`),
  trap: problem('a kernel', 'one that completes', 'kernels'),
  late: () => void setImmediate(() => void Promise.reject(new Error('nobody waits for it'))),
  wrong: () => must(false, 'other bits'),
  unusable(accept) {
    accept();
    problem('a file', 'sound bytes')();
  },
  memory: () => Buffer.alloc(700 << 20, 1).length,
  crash: () => process.abort(),
  exit: () => process.exit(3),
  prototype: () => Object.assign(Object.prototype, { polluted: true }),
  refused: problem('a file', 'sound bytes'),
  sound: () => 1,
};

/** A kind that does what none may do: it shows that the fuzzer sees it. */
export const faults: Kind = {
  faulty: true,
  seeds: async () => Object.fromEntries(Object.keys(FAULTS).map((name) => [name, { fault: bytesOfText('sound') }])),
  mutate: (_, random) => ({ files: { fault: bytesOfText(random.pick(Object.keys(FAULTS))) }, steps: ['fault'], inert: false }),
  async use({ files, accept }) {
    await FAULTS[textOfBytes(files.fault)](accept);
    accept();
  },
};
