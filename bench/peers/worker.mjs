/**
 * One runtime in a process of its own: answers requests over stdin and stdout, a line of JSON each. `torch_worker.py` speaks the same
 * protocol. The only argument is a `Worker` of cases.mjs.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { timeCalls } from '../measure/stats.mjs';

/**
 * @typedef {object} Prepared
 * @property {() => unknown} run one call, synchronous or not
 * @property {(result: any) => readonly Float32Array[]} [answer] the values of a result: last hidden state, pooled output
 * @property {object} [facts] what else is known of the case
 * @typedef {{ prepare(what: { tokens: number, lengths?: readonly number[] }): Promise<Prepared> }} Opened what: tokens of the text, or of each of several
 */

const { module, make, ...options } = JSON.parse(process.argv[2]);
const send = (/** @type {object} */ message) => process.stdout.write(`${JSON.stringify(message)}\n`);
console.log = console.error;

const runtime = module ? await import(`./runtimes/${module}.mjs`) : { version: process.version };
send({ version: runtime.version });

/** @type {Opened} */
let opened;
/** @type {Prepared} */
let prepared;

const REQUESTS = {
  async open() {
    opened = await runtime[make](options);
  },
  /** @param {{ tokens: number, lengths?: readonly number[] }} what */
  async prepare(what) {
    prepared = await opened.prepare(what);
    return prepared.facts;
  },
  async answer() {
    const result = await prepared.run();
    const outputs = prepared.answer?.(result) ?? [];
    return { outputs: outputs.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength).toString('base64')) };
  },
  /** @param {{ calls: number }} what */
  sample: ({ calls }) => timeCalls(prepared.run, calls),
  peak: async () => ({ bytes: peakBytes() }),
};

/** The most memory that this process has held at once; not a number where the system does not tell. */
function peakBytes() {
  if (process.platform !== 'linux') return null;
  const [, kibibytes] = readFileSync('/proc/self/status', 'utf8').match(/VmHWM:\s+(\d+)/) ?? [];
  return Number(kibibytes) * 1024;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { ask, ...what } = JSON.parse(line);
  try {
    send((await REQUESTS[ask](what)) ?? {});
  } catch (error) {
    send({ error: error instanceof Error ? error.message : String(error) });
  }
}
