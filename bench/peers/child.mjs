/** The other end of worker.mjs: a process that answers requests in order. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** @typedef {{ resolve: (message: any) => void, reject: (reason: Error) => void }} Waiting */

export class Child {
  /** @type {import('node:child_process').ChildProcess} */
  #process;
  /** @type {Waiting[]} */
  #waiting = [];
  #errors = '';
  /** Resolves once its runtime is imported. @type {Promise<{ version: string }>} */
  ready;

  /** @param {readonly [command: string, ...args: string[]]} command */
  constructor([command, ...args]) {
    this.#process = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdin, stdout, stderr } = this.#process;
    stderr?.on('data', (chunk) => {
      this.#errors = (this.#errors + chunk).slice(-4000);
    });
    stdin?.on('error', () => {});
    createInterface({ input: /** @type {import('node:stream').Readable} */ (stdout) }).on('line', (line) => this.#settle(line));
    this.#process.on('error', (error) => this.#fail(error.message));
    this.#process.on('close', (code, signal) => this.#fail(this.#errors.trim().split('\n').at(-1) || `exit ${code ?? signal}`));
    this.ready = this.#next();
  }

  /** @param {'open' | 'prepare' | 'answer' | 'sample' | 'peak'} ask @param {object} [what] @returns {Promise<any>} */
  request(ask, what = {}) {
    this.#process.stdin?.write(`${JSON.stringify({ ask, ...what })}\n`);
    return this.#next();
  }

  /** Ends the process; resolves once it is gone. */
  close() {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#process.once('close', resolve);
      this.#process.kill();
    });
  }

  #next() {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** @param {string} line */
  #settle(line) {
    const message = JSON.parse(line);
    const waiting = this.#waiting.shift();
    if (message.error) waiting?.reject(new Error(message.error));
    else waiting?.resolve(message);
  }

  /** @param {string} reason */
  #fail(reason) {
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(reason));
  }
}
