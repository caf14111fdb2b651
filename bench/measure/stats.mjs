/** Timing by alternating rounds, and the few numbers that describe the samples. */

/**
 * @typedef {{ median: number, min: number, low: number, high: number }} Summary milliseconds or ratios; low and high are the quartiles
 * @typedef {() => unknown} Run one call, synchronous or not
 * @typedef {{ wall: number, cpu: number }} Sample milliseconds that some calls took, by the clock and of the processor
 * @typedef {{ sample: (calls: number) => Promise<Sample> }} Sampler a case that times itself, in another process
 * @typedef {Run | Sampler} Case
 * @typedef {{ samples: Map<string, number[]>, repeated: number }} Timing milliseconds a call by case, the n-th of each taken in the same round
 * @typedef {object} TimingOptions
 * @property {number} [warm] milliseconds before the first sample
 * @property {number} [rounds]
 * @property {number} [sample] least milliseconds of a sample
 * @property {number} [budget] milliseconds after which a few rounds are enough
 * @property {number} [rest] milliseconds before each sample, in which threads of the case before fall asleep
 * @property {(text: string) => void} [progress]
 */

/** Share of a sample's wall time below which something else had the processor. */
const UNDISTURBED = 0.95;
const PATIENCE = 4;
const FEW_ROUNDS = 5;

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
 * another every time. A sample is as many calls as take `sample` milliseconds. Rounds in which a case did not have the
 * processor to itself are repeated, up to four times as many as there are rounds. After `budget` milliseconds five rounds are
 * enough, and none is repeated.
 * @param {Readonly<Record<string, Case>>} cases @param {TimingOptions} [options] @returns {Promise<Timing>}
 */
export async function alternate(cases, { warm = 1500, rounds = 15, sample = 50, budget = Infinity, rest = 0, progress = () => {} } = {}) {
  const names = Object.keys(cases);
  const samplers = Object.fromEntries(names.map((name) => [name, samplerOf(cases[name])]));
  /** @type {Map<string, number>} */
  const calls = new Map();
  for (const name of names) {
    progress(`warm up: ${name}`);
    calls.set(name, Math.max(1, Math.round(sample / (await warmUp(samplers[name], warm)))));
  }
  /** @type {Map<string, number[]>} */
  const samples = new Map(names.map((name) => [name, []]));
  const since = performance.now();
  let repeated = 0;
  for (let round = 0; round < rounds; ) {
    progress(`round ${round + 1} of ${rounds}${repeated ? `, ${repeated} repeated` : ''}`);
    const turn = names.map((_, i) => names[(i + round + repeated) % names.length]);
    const { times, disturbed } = await once(turn, samplers, calls, rest);
    const late = performance.now() - since > budget;
    if (disturbed && !late && repeated < PATIENCE * rounds) {
      repeated++;
      continue;
    }
    for (const [name, time] of times) samples.get(name)?.push(time);
    round++;
    if (late && round >= FEW_ROUNDS) break;
  }
  return { samples, repeated };
}

/** Milliseconds that this process has had of processors so far, all its threads together. */
export function processorTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Times some calls in this process. @param {Run} run @param {number} calls @returns {Promise<Sample>} */
export async function timeCalls(run, calls) {
  const before = processorTime();
  const since = performance.now();
  for (let i = 0; i < calls; i++) {
    const result = run();
    if (result instanceof Promise) await result;
  }
  const wall = performance.now() - since;
  return { wall, cpu: processorTime() - before };
}

/** A case of this process as one that times itself. @param {Case} one @returns {Sampler} */
const samplerOf = (one) => (typeof one === 'function' ? { sample: (calls) => timeCalls(one, calls) } : one);

/** Milliseconds of a call once warm: the median of the second half. @param {Sampler} sampler @param {number} budget */
async function warmUp(sampler, budget) {
  const times = [];
  for (const start = performance.now(); performance.now() - start < budget || times.length < 2; )
    times.push((await sampler.sample(1)).wall);
  return median(times.slice(times.length >> 1));
}

/** @param {readonly string[]} turn @param {Readonly<Record<string, Sampler>>} samplers @param {ReadonlyMap<string, number>} calls @param {number} rest */
async function once(turn, samplers, calls, rest) {
  /** @type {Map<string, number>} */
  const times = new Map();
  let disturbed = false;
  for (const name of turn) {
    if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
    const count = /** @type {number} */ (calls.get(name));
    const { wall, cpu } = await samplers[name].sample(count);
    if (cpu < wall * UNDISTURBED) disturbed = true;
    times.set(name, wall / count);
  }
  return { times, disturbed };
}
