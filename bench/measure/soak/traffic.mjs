/** Many calls at once, some of them cancelled, each answer compared with the known one. */
import { digestOf, randomFrom } from './questions.mjs';

/**
 * @typedef {import('./questions.mjs').Question} Question
 * @typedef {object} Tally
 * @property {number} asked
 * @property {number} answered rightly
 * @property {number} cancelled
 * @property {number} wrong
 * @property {number} lost neither answered nor refused in time
 * @property {string[]} failures first messages of calls that failed
 * @property {number} failed
 */

const IN_FLIGHT = 8;
const CANCELLED = 0.15;
const NEVER_CANCELLED = 0.15;
const PAUSES = 0.5;
const PATIENCE_MS = 60_000;
const SHOWN_FAILURES = 3;
const MOST_TURNS = 60;
const LOST = Symbol('lost');

/**
 * Keeps several calls in flight until `calls` are made or `seconds` are over, and reports after each.
 * @param {import('../../../dist/index.js').TracedModule} trace @param {readonly Question[]} questions
 * @param {{ calls: number, seconds: number, cancelWithin: number, after: (tally: Tally) => void }} options `cancelWithin` milliseconds
 */
export async function traffic(trace, questions, { calls, seconds, cancelWithin, after }) {
  const random = randomFrom(calls);
  const until = performance.now() + 1000 * seconds;
  const pause = pauses();
  /** @type {Tally} */
  const tally = { asked: 0, answered: 0, cancelled: 0, wrong: 0, lost: 0, failed: 0, failures: [] };
  async function lane() {
    while (tally.asked < calls && performance.now() < until) {
      tally.asked++;
      await askOne(trace, questions[Math.floor(random() * questions.length)], tally, cancellation(random, cancelWithin));
      after(tally);
      if (random() < PAUSES) await pause();
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return tally;
}

/** Lets timers have their turn. All who pause go on together, or each would find the others' calls done. */
function pauses() {
  /** @type {Promise<void> | undefined} */
  let turn;
  return () => {
    turn ??= new Promise((resolve) => {
      setImmediate(() => {
        turn = undefined;
        resolve();
      });
    });
    return turn;
  };
}

/**
 * @typedef {{ signal?: AbortSignal, start: () => (() => void) }} Cancellation a signal, and what begins to cancel it
 * @type {Cancellation}
 */
const NEVER = { start: () => () => {} };

/** Whether and when a call is cancelled. @param {() => number} random @param {number} within milliseconds @returns {Cancellation} */
function cancellation(random, within) {
  const chance = random();
  if (chance > CANCELLED + NEVER_CANCELLED) return NEVER;
  const controller = new AbortController();
  const { signal } = controller;
  return { ...NEVER, signal, ...(chance < CANCELLED && { start: () => cancelSoon(controller, random, within) }) };
}

/** @param {import('../../../dist/index.js').TracedModule} trace @param {Question} question @param {Tally} tally @param {Cancellation} how */
async function askOne(trace, { ask, digest }, tally, { signal, start }) {
  const call = ask(trace, signal ? { signal } : {});
  const stop = start();
  try {
    const parts = await inTime(call);
    if (parts === LOST) tally.lost++;
    else if (digestOf(parts) === digest) tally.answered++;
    else tally.wrong++;
  } catch (error) {
    if (signal?.aborted && error === signal.reason) tally.cancelled++;
    else {
      tally.failed++;
      if (tally.failures.length < SHOWN_FAILURES) tally.failures.push(String(error));
    }
  } finally {
    stop();
  }
}

/**
 * Cancels some turns of promises later, or some milliseconds: calls that do not wait for anything leave no time in between. Answers what
 * calls that off.
 * @param {AbortController} controller @param {() => number} random @param {number} within milliseconds
 */
function cancelSoon(controller, random, within) {
  if (random() < 0.5) {
    abortAfter(controller, Math.floor(random() * MOST_TURNS));
    return () => {};
  }
  const timer = setTimeout(() => controller.abort(), random() * within);
  return () => clearTimeout(timer);
}

/** @param {AbortController} controller @param {number} turns */
async function abortAfter(controller, turns) {
  for (let turn = 0; turn < turns; turn++) await undefined;
  controller.abort();
}

/** @template T @param {Promise<T>} call @returns {Promise<T | typeof LOST>} */
async function inTime(call) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(LOST), PATIENCE_MS);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
