/** Whole models side by side: answers compared, then timed in turns. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digits, progress, ratioCell, SUMMARY, summaryCells, table } from '../measure/report.mjs';
import { alternate, ratio, summarise } from '../measure/stats.mjs';
import { accuracyOf, tooFar } from './accuracy.mjs';
import { casesOf, SHORT } from './cases.mjs';
import { answerOf, Fleet } from './fleet.mjs';
import { filesOf } from './models.mjs';

/**
 * @typedef {import('./models.mjs').Model} Model
 * @typedef {{ lengths: readonly number[], wanted: (name: string) => boolean, timing: import('../measure/stats.mjs').TimingOptions }} Plan
 */

/** What "times as fast" refers to, where it takes part. */
export const YARDSTICK = 'onnxruntime-web f32';

const TRACES = fileURLToPath(new URL('traces.mjs', import.meta.url));

/** Saves the traces of one length and answers why a precision is left out. @param {Model} model @param {number} tokens @param {string} folder @param {readonly string[]} more arguments of traces.mjs */
export function saveTraces({ name, title }, tokens, folder, more = []) {
  progress(`${title}, ${tokens} tokens: tracing`);
  const args = [TRACES, filesOf(name).checkpoint, `${tokens}`, folder, ...more];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }));
}

/** One model at several lengths. @param {Model} model @param {Plan} plan */
export async function measureModel(model, { lengths, wanted, timing }) {
  const folder = await mkdtemp(join(tmpdir(), 'tracelet-bench-'));
  const [reference, ...others] = casesOf(model.name, folder);
  const fleet = await new Fleet().open([reference, ...others.filter(({ name }) => wanted(name))]);
  try {
    if (fleet.members[0]?.name !== reference.name) throw new Error(`${reference.name}: ${fleet.missing[0].reason}`);
    const results = [];
    for (const tokens of lengths) {
      const reasons = saveTraces(model, tokens, folder);
      await fleet.prepare({ tokens }, ({ runtime, precision }) => (runtime === 'tracelet' ? reasons[SHORT[precision]] : undefined));
      results.push(await measureLength(model, tokens, fleet, timing));
      for (const precision of Object.values(SHORT)) await rm(`${folder}/${precision}-${tokens}.tracelet`, { force: true });
    }
    return { results, missing: fleet.missing, versions: fleet.members.map(({ runtime, version }) => [runtime, version]) };
  } finally {
    await fleet.close();
    await rm(folder, { recursive: true });
  }
}

/** What is open, compared and timed. @param {Pick<Model, 'name' | 'title'>} model @param {number} tokens @param {Fleet} fleet @param {Plan['timing']} timing */
export async function measureLength({ name: model, title }, tokens, fleet, timing) {
  const heading = `${title}, ${tokens} tokens`;
  const accuracies = await compareAnswers(fleet);
  const { samples, repeated } = await alternate(fleet.samplers(), { ...timing, progress: (text) => progress(`${heading}: ${text}`) });
  const { flops } = fleet.members[0].facts;
  const yardstick = samples.get(YARDSTICK) ?? /** @type {number[]} */ ([...samples.values()][0]);
  const rows = fleet.members.map(({ name, runtime, precision }) => {
    const times = /** @type {number[]} */ (samples.get(name));
    const summary = summarise(times);
    const gflops = flops / summary.median / 1e6;
    return { name, runtime, precision, ...summary, gflops, faster: ratio(yardstick, times), ...accuracies.get(name) };
  });
  table(
    [heading, ...SUMMARY, 'GFLOP/s', 'times as fast', 'difference', '1 - cosine'],
    rows.map(({ name, gflops, faster, difference, cosineError, ...summary }) => [
      name,
      ...summaryCells(summary),
      digits(gflops),
      ratioCell(faster),
      difference.toExponential(1),
      cosineError.toExponential(1),
    ]),
  );
  return { model, title, tokens, flops, repeated, rounds: yardstick.length, rows };
}

/** Answers beside those of the first member; what is too far off takes no further part. With `sameBits` all of tracelet's must be equal. @param {Fleet} fleet @param {{ sameBits?: boolean }} [how] */
export async function compareAnswers(fleet, { sameBits = false } = {}) {
  const want = await answerOf(fleet.members[0]);
  const accuracies = new Map();
  for (const member of [...fleet.members]) {
    progress(`comparing ${member.name}`);
    const accuracy = accuracyOf(await answerOf(member), want);
    const differs = sameBits && member.runtime === 'tracelet' && accuracy.difference !== 0;
    const reason = differs ? `differs by ${accuracy.difference} from ${fleet.members[0].name}` : tooFar(member.precision, accuracy);
    if (reason) {
      await fleet.dismiss(member, reason);
      process.exitCode = 1;
    } else accuracies.set(member.name, accuracy);
  }
  return accuracies;
}
