import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PREPARING, type Reply, type Request } from './messages.ts';

/** What became of a request: a reply, or the mutant at which the process ended or stopped. */
export type Answer = { reply: Reply } | { index: number; problem: string; hung: boolean };

const FLAGS = ['--expose-gc', ...(process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : [])];
const LOOK_MS = 100;
/** For what is done once: tracing the seeds. */
const PREPARING_MS = 300_000;

/** A process that waits is given so many times as long as one that computes. */
const WAITING = 3;
const TICK_MS = 10;

/** How long a process has computed, and how long it stood in the queue for a core, where the system says it. */
function scheduledMs({ pid }: ChildProcess): { computed: number; queued: number } | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    const [, delayed] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return { computed: TICK_MS * (Number(fields[11]) + Number(fields[12])), queued: Number(delayed) / 1e6 };
  } catch {
    return undefined;
  }
}

/** A process that tries mutants and may come to any end; there is another one then. */
export class Watched {
  readonly #script: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'tracelet-fuzz-'));
  readonly #file = join(this.#folder, 'progress');
  #child: ChildProcess | undefined;

  constructor(script: string) {
    this.#script = script;
  }

  get #index(): number {
    const place = new Float64Array(1);
    const file = openSync(this.#file, 'r');
    readSync(file, new Uint8Array(place.buffer), 0, 8, 0);
    closeSync(file);
    return place[0];
  }

  #started(): ChildProcess {
    if (this.#child) return this.#child;
    writeFileSync(this.#file, new Uint8Array(Float64Array.of(PREPARING).buffer));
    const child = fork(this.#script, [this.#file], {
      execArgv: FLAGS,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child = child;
    return child;
  }

  /** Asks the process. It is ended when it computes for longer than `patience` milliseconds on a mutant, whatever else is busy, or waits for longer. */
  ask(request: Request, patience: number): Promise<Answer> {
    const child = this.#started();
    return new Promise((resolve) => {
      let errors = '';
      let [index, since, before] = [this.#index, performance.now(), scheduledMs(child)];
      const look = setInterval(() => {
        const now = this.#index;
        const scheduled = scheduledMs(child);
        if (now !== index) [index, since, before] = [now, performance.now(), scheduled];
        const most = index === PREPARING ? PREPARING_MS : patience;
        const passed = performance.now() - since;
        const spent =
          scheduled && before
            ? Math.max(scheduled.computed - before.computed, (passed - (scheduled.queued - before.queued)) / WAITING)
            : passed;
        if (spent > most) end({ index, problem: `it does not end within ${most / 1000} s`, hung: true });
      }, LOOK_MS);
      const hear = (reply: Reply) => end({ reply });
      const collect = (text: Buffer): void => {
        errors = (errors + text).slice(-2000);
      };
      const died = (code: number | null, signal: string | null) =>
        end({ index: this.#index, problem: `the process ended (${signal ?? code}) ${errors}`, hung: false });
      const end = (answer: Answer): void => {
        clearInterval(look);
        child.off('message', hear).off('exit', died);
        child.stderr?.off('data', collect);
        if (!('reply' in answer)) this.#replace();
        resolve(answer);
      };
      child.on('message', hear).on('exit', died);
      child.stderr?.on('data', collect);
      child.send(request);
    });
  }

  #replace(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  end(): void {
    this.#replace();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
