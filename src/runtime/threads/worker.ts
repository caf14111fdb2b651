import {
  BARRIER,
  barrierOf,
  CALLS,
  DONE,
  END,
  ENDED,
  kernelsOf,
  LIST,
  ON,
  type Orders,
  PHASE,
  progressAt,
  type Report,
  RUN,
  SLEEP_MS,
  SPINS,
  STATE,
} from './control.ts';

/** The script of a worker: a loop over the calls that fall to it. It is bundled alone, imports nothing, and is plain text in some platforms. */

interface Port {
  postMessage(message: Report): void;
  addEventListener(type: 'message', listener: (event: { data: Orders }) => void, options: { once: true }): void;
}

type Step = (() => void) | 'barrier';

/** Runs what falls to this thread, run after run, until the team ends. */
function serve(orders: Orders, report: (report: Report) => void): void {
  const kernels = kernelsOf(orders);
  const { arrive, claim, signal, changed } = barrierOf(orders);
  const words = new Int32Array(orders.control.buffer);
  const stateOf = (): number => Atomics.load(words, STATE / 4);
  const own = progressAt(orders.thread) / 4;

  const meet = (): void => {
    const phase = arrive(orders.threads);
    while (stateOf() === ON && changed(PHASE, phase, SPINS, SLEEP_MS) === phase);
  };

  const stepsOf = (): Step[] => {
    const list = new Float64Array(orders.control.buffer);
    const steps: Step[] = [];
    for (let at = list[CALLS / 8 + orders.thread]; list[at] !== END; ) {
      if (list[at++] === BARRIER) steps.push('barrier');
      else {
        const kernel = kernels[list[at - 1]];
        const [count, length] = list.subarray(at, at + 2);
        const first = at + 2;
        const parts = Array.from({ length: count }, (_, part) => [...list.subarray(first + part * length, first + (part + 1) * length)]);
        at = first + count * length;
        steps.push(() => {
          for (let part = claim(); part < count; part = claim()) kernel(...parts[part]);
        });
      }
    }
    return steps;
  };

  let steps: Step[] = [];
  let [run, version] = [0, 0];
  report({ ready: true });
  for (;;) {
    for (const before = run; run === before && stateOf() !== ENDED; ) run = changed(RUN, before, SPINS, SLEEP_MS * 1000);
    const written = Atomics.load(words, LIST / 4);
    if (written !== version && stateOf() !== ENDED) steps = stepsOf();
    version = written;
    for (const step of steps) {
      if (stateOf() !== ON) break;
      if (step === 'barrier') meet();
      else step();
      Atomics.add(words, own, 1);
    }
    if (stateOf() === ENDED) return;
    signal(DONE);
  }
}

/** Whatever goes wrong ends the team: the others must not wait for this thread. */
function serveOrFail(orders: Orders, report: (report: Report) => void): void {
  try {
    serve(orders, report);
  } catch (error) {
    Atomics.store(new Int32Array(orders.control.buffer), STATE / 4, ENDED);
    barrierOf(orders).signal(PHASE);
    report({ failed: String((error as Error)?.message ?? error) });
  }
}

async function listen(): Promise<void> {
  const inNode = typeof process === 'object' ? (await import('node:worker_threads')).parentPort : null;
  if (inNode) inNode.once('message', (orders: Orders) => serveOrFail(orders, (report) => inNode.postMessage(report)));
  else {
    const port = globalThis as unknown as Port;
    port.addEventListener('message', ({ data }) => serveOrFail(data, (report) => port.postMessage(report)), { once: true });
  }
}

void listen();
