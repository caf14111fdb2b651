/** Timing by alternating rounds, and the few numbers that describe the samples. */

/**
 * @typedef {{ median: number, min: number, low: number, high: number }} Summary milliseconds or ratios; low and high are the quartiles
 * @typedef {() => unknown} Run one call, synchronous or not
 * @typedef {{ samples: Map<string, number[]>, repeated: number }} Timing milliseconds a call by case, the n-th of each taken in the same round
 * @typedef {{ warm?: number, rounds?: number, sample?: number, progress?: (text: string) => void }} TimingOptions
 */

/** Share of a sample's wall time below which something else had the processor. */
const UNDISTURBED = 0.95;
const PATIENCE = 4;

/** @param {readonly number[]} values @param {number} at 0 to 1 */
export function quantile(values, at) {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * at;
  const below = sorted[Math.floor(place)];
  return below + (sorted[Math.ceil(place)] - below) * (place % 1);
}

/** @param {readonly number[]} values */
export const median = (values) => quantile(values, 0.5);

/** @param {readonly number[]} values @returns {Summary} */
export const summarise = (values) => ({
  median: median(values),
  min: Math.min(...values),
  low: quantile(values, 0.25),
  high: quantile(values, 0.75),
});

/** How many times as long `a` took as `b`, round by round. @param {readonly number[]} a @param {readonly number[]} b */
export const ratio = (a, b) => summarise(a.map((value, i) => value / b[i]));

/**
 * Times `cases` in turns: `warm` milliseconds of each, then rounds with one sample of each, the first of a round being
 * another every time. A sample is as many calls as take `sample` milliseconds. Rounds in which the process did not have the
 * processor to itself are repeated, up to four times as many as there are rounds.
 * @param {Readonly<Record<string, Run>>} cases @param {TimingOptions} [options] @returns {Promise<Timing>}
 */
export async function alternate(cases, { warm = 1500, rounds = 15, sample = 50, progress = () => {} } = {}) {
  const names = Object.keys(cases);
  /** @type {Map<string, number>} */
  const calls = new Map();
  for (const name of names) {
    progress(`warm up: ${name}`);
    calls.set(name, Math.max(1, Math.round(sample / (await warmUp(cases[name], warm)))));
  }
  /** @type {Map<string, number[]>} */
  const samples = new Map(names.map((name) => [name, []]));
  let repeated = 0;
  for (let round = 0; round < rounds; ) {
    progress(`round ${round + 1} of ${rounds}${repeated ? `, ${repeated} repeated` : ''}`);
    const turn = names.map((_, i) => names[(i + round + repeated) % names.length]);
    const { times, disturbed } = await once(turn, cases, calls);
    if (disturbed && repeated < PATIENCE * rounds) {
      repeated++;
      continue;
    }
    for (const [name, time] of times) samples.get(name)?.push(time);
    round++;
  }
  return { samples, repeated };
}

/** Milliseconds of a call once warm: the median of the second half. @param {Run} run @param {number} budget */
async function warmUp(run, budget) {
  const times = [];
  for (const start = performance.now(); performance.now() - start < budget || times.length < 2; ) {
    const since = performance.now();
    await run();
    times.push(performance.now() - since);
  }
  return median(times.slice(times.length >> 1));
}

/** @param {readonly string[]} turn @param {Readonly<Record<string, Run>>} cases @param {ReadonlyMap<string, number>} calls */
async function once(turn, cases, calls) {
  /** @type {Map<string, number>} */
  const times = new Map();
  let disturbed = false;
  for (const name of turn) {
    const count = /** @type {number} */ (calls.get(name));
    const cpu = process.cpuUsage();
    const since = performance.now();
    for (let i = 0; i < count; i++) {
      const result = cases[name]();
      if (result instanceof Promise) await result;
    }
    const wall = performance.now() - since;
    const { user, system } = process.cpuUsage(cpu);
    if ((user + system) / 1000 < wall * UNDISTURBED) disturbed = true;
    times.set(name, wall / count);
  }
  return { times, disturbed };
}
