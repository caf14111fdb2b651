/** Servers in processes of their own, and the load that they get. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';

export const HEADERS = { 'content-type': 'application/json' };
export const PER_REQUEST = 8;
export const CONNECTIONS = 16;

/**
 * A server that a script of this folder starts; the script sends its address, and takes orders.
 * @param {string} script @param {readonly string[]} args
 */
export async function startServer(script, args) {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), args, { execArgv: ['--expose-gc'] });
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${script} ${args.join(' ')}: exit code ${code}`)));
  ended.catch(() => {});
  /** @returns {Promise<any>} */
  const said = () => Promise.race([once(child, 'message').then(([message]) => message), ended]);
  const { url, version } = await said();
  return {
    url,
    version,
    async memory() {
      child.send('memory');
      return (await said()).memory;
    },
    /** Milliseconds that it has had of processors so far, its workers too. @returns {Promise<number>} */
    async processor() {
      child.send('processor');
      return (await said()).processor;
    },
    kill: () => child.send('kill'),
    async end() {
      child.send('end');
      await ended.catch(() => {});
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof startServer>>} Server */

/** The texts of the request of a number, of those in a list. @param {readonly string[]} list @param {number} number */
export const textsOf = (list, number) => Array.from({ length: PER_REQUEST }, (_, j) => list[(PER_REQUEST * number + j) % list.length]);

/**
 * Asks for vectors on all connections, so many times, and waits for the last answer: what is under way when a time is over would not be counted.
 * Connections share one row of requests, as each would begin it anew, and ask for other texts than the pool alone is asked for. Time ends with the last answer, as
 * autocannon ends with a whole second.
 * @param {string} url @param {readonly string[]} list @param {number} amount @param {object} [more] options of autocannon
 */
export async function load(url, list, amount, more) {
  const bodies = Array.from({ length: list.length / PER_REQUEST }, (_, i) => JSON.stringify({ inputs: textsOf(list, i) }));
  let next = 0;
  const requests = [{ setupRequest: (/** @type {object} */ request) => ({ ...request, body: bodies[next++ % bodies.length] }) }];
  const asked = Math.max(CONNECTIONS, amount);
  const common = { url: `${url}embed`, method: 'POST', headers: HEADERS, connections: CONNECTIONS, timeout: 60 };
  const since = performance.now();
  let last = since;
  const run = autocannon({ ...common, requests, amount: asked, ...more });
  run.on('response', () => {
    last = performance.now();
  });
  const { latency, non2xx, errors } = await run;
  return { texts: (1000 * PER_REQUEST * asked) / (last - since), latency, failed: non2xx + errors };
}

/** How many requests a server answers in so many seconds at a rate of texts a second. @param {number} texts @param {number} seconds */
export const amountIn = (texts, seconds) => Math.ceil((texts * seconds) / PER_REQUEST);
