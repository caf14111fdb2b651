import type { ProgressInfo } from '../sources/progress.ts';
import { bytes } from './output.ts';
import { cut } from './terminal.ts';

const INTERVAL_MS = 100;
/** How long work goes on before anything is said of it. */
export const QUIET_MS = 2000;

/** One line on a terminal's stderr about work under way; silent where stderr is no terminal. */
export class Progress {
  #next: number;
  #shown = false;

  /** `update` says nothing for the first `quiet` milliseconds. */
  constructor(quiet = 0) {
    this.#next = performance.now() + quiet;
  }

  /** Announces work at once. */
  phase(text: string): void {
    if (!process.stderr.isTTY) return;
    process.stderr.write(`\r\x1b[2K${cut(text, (process.stderr.columns || 80) - 1)}`);
    this.#shown = true;
    this.#next = performance.now() + INTERVAL_MS;
  }

  /** Says how far the work is; for calls of any frequency. */
  update(text: string): void {
    if (performance.now() >= this.#next) this.phase(text);
  }

  /** For the `progress_callback` of everything that reads. */
  readonly reading = ({ name, file, loaded, total }: ProgressInfo): void => {
    if (loaded === undefined) return;
    this.update(`reading ${name && name !== file ? `${file} of ${name}` : file}: ${bytes(loaded)}${total ? ` of ${bytes(total)}` : ''}`);
  };

  /** For the `progress` option of quantize. */
  readonly quantizing = ({ phase, done, total }: { phase: string; done: number; total: number }): void =>
    this.update(`${phase}: ${done} of ${total}`);

  clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[2K');
    this.#shown = false;
  }
}
