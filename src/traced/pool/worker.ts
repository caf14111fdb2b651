import { FORWARD } from '../../formats/trace.ts';
import { setKernelSource } from '../../kernels/binaries.ts';
import '../../kernels/sets/index.ts';
import type { Instance, Target } from '../../runtime/instance.ts';
import { borrow } from '../../runtime/loan.ts';
import { runSliced } from '../../runtime/run.ts';
import {
  buffersOf,
  type CallRequest,
  failureOf,
  moduleKey,
  type Reply,
  received,
  type SentTensor,
  type Setup,
  sent,
  type WorkerRequest,
} from './messages.ts';

/** The script of a worker of a pool: one instance, which answers one call after the other. It is bundled alone. */

type Post = (reply: Reply, transfer: ArrayBuffer[]) => void;

interface Port {
  postMessage(reply: Reply, transfer: ArrayBuffer[]): void;
  addEventListener(type: 'message', listener: (event: { data: WorkerRequest }) => void): void;
}

let instances: ReadonlyMap<string, Instance> = new Map();
let target: Target = { kernels: 'baseline' };
let stop = new AbortController();

let resume: () => void = () => {};
const { port1: woken, port2: waking } = new MessageChannel();
woken.onmessage = () => resume();

/** Lets messages in, without the milliseconds that timers of browsers take at least. */
const nextMessage = (): Promise<void> =>
  new Promise((resolve) => {
    resume = resolve;
    waking.postMessage(undefined);
  });

function begin(setup: Setup): SentTensor[] {
  setKernelSource((binary, shared = false) => setup.modules.get(moduleKey(binary, shared)));
  target = setup.target;
  instances = borrow(setup, setup.region);
  return [];
}

async function compute({ method, inputs, outputs, stoppable }: CallRequest): Promise<SentTensor[]> {
  const running = instances.get(method) as Instance;
  stop = new AbortController();
  const signal = stoppable ? stop.signal : undefined;
  const wanted = outputs && running.wanted(outputs);
  const named = Object.fromEntries(received(inputs).map(({ name, tensor }) => [name, tensor]));
  return sent(await runSliced(running, target, named, { wanted, signal, pause: nextMessage }));
}

async function obey(request: WorkerRequest, post: Post): Promise<void> {
  if ('stop' in request) return stop.abort();
  const regionNow = () => instances.get(FORWARD)?.arena.region ?? { base: 0, room: 0 };
  try {
    const outputs = 'setup' in request ? begin(request.setup) : await compute(request.call);
    post({ region: regionNow(), outputs }, buffersOf(outputs));
  } catch (error) {
    post({ region: regionNow(), failed: failureOf(error) }, []);
  }
}

async function listen(): Promise<void> {
  const inNode = typeof process === 'object' ? (await import('node:worker_threads')).parentPort : null;
  if (inNode) inNode.on('message', (request: WorkerRequest) => obey(request, (reply, transfer) => inNode.postMessage(reply, transfer)));
  else {
    const port = globalThis as unknown as Port;
    port.addEventListener('message', ({ data }) => obey(data, (reply, transfer) => port.postMessage(reply, transfer)));
  }
}

void listen();
