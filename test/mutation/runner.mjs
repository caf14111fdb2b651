/**
 * Runs tests for StrykerJS in workers of vitest that stay. The runner that comes with StrykerJS starts a worker and loads all modules for each
 * mutant and test file, which takes far longer than the tests of this library.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { BroadcastChannel } from 'node:worker_threads';
import { commonTokens, declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { DryRunStatus, MutantRunStatus, TestStatus } from '@stryker-mutator/api/test-runner';
import { createVitest } from 'vitest/node';

const STATUS = { pass: TestStatus.Success, fail: TestStatus.Failed };
const fileOf = (id) => id.slice(0, id.indexOf('#'));

/** A mutant that comes past itself so many times as often as in the first run goes round in a loop. */
const ROUNDS = 10;
/** What a mutant may compute longer than its tests did in the first run. Computing, not waiting: a busy machine makes nothing a timeout. */
const LONGER = { times: 5, ms: 2000, most: 10_000 };
const WATCH_MS = 250;

/** In the sandbox: what the first process of a campaign found, for those that take the place of one that hung: they need not run all tests once more. */
const FOUND = 'found.json';

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** What `work` answers, or undefined once this process has computed for longer than `ms`. */
function within(ms, work) {
  const end = cpuMs() + ms;
  let watch;
  const hung = new Promise((resolve) => {
    watch = setInterval(() => cpuMs() > end && resolve(undefined), WATCH_MS);
  });
  return Promise.race([work, hung]).finally(() => clearInterval(watch));
}

/** Test files, each in a worker: all are started at once, and each says what its first run found. */
class Workers {
  #vitest;
  #channel;
  #waiting = new Map();
  #run;

  /** @param {string} name @param {{ mutant?: string, hitLimit?: number, known?: boolean }} mutation what is active from the start, and whether its tests need not run */
  async start(name, mutation, onlyFiles) {
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => this.#waiting.get(data.from)?.(data);
    const config = 'test/mutation/vitest.config.mjs';
    this.#vitest = await createVitest('test', { config, watch: false, pool: 'threads', reporters: [{}], silent: true });
    this.#vitest.provide('mutation', { channel: name, ...mutation });
    const specs = await this.#vitest.globTestSpecifications();
    const files = specs.map(({ moduleId }) => moduleId).filter((file) => !onlyFiles || onlyFiles.has(file));
    const answers = files.map((file) => this.#answer(file));
    this.#run = this.#vitest.start(files).catch((error) => ({ error }));
    const failed = this.#run.then((ended) => {
      throw ended.error ?? new Error([...this.#vitest.state.errorsSet].map(String).join('\n') || 'vitest ended early');
    });
    failed.catch(() => {});
    return Promise.race([Promise.all(answers), failed]);
  }

  ask(file, question) {
    const answer = this.#answer(file);
    this.#channel.postMessage({ to: file, ...question });
    return answer;
  }

  #answer(file) {
    return new Promise((resolve) => {
      this.#waiting.set(file, resolve);
    });
  }

  async end() {
    this.#channel.postMessage({ end: true });
    await this.#run;
    this.#channel.close();
    await this.#vitest.close();
  }
}

class KeptRunner {
  #kept;
  #found;
  #took = new Map();
  #count = 0;
  #hung = false;

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    if (!existsSync('dist/wasm/baseline.wasm')) throw new Error('dist/wasm is empty. Run npm run build first');
    this.#kept = new Workers();
    const known = existsSync(FOUND);
    const started = await this.#kept.start(`${process.pid}`, { known });
    this.#found = known ? JSON.parse(readFileSync(FOUND, 'utf8')) : started;
    if (!known) writeFileSync(FOUND, JSON.stringify(started));
    for (const { tests } of this.#found) for (const { id, ms } of tests) this.#took.set(id, ms);
  }

  async dryRun() {
    const broken = this.#found.find(({ tests, failure }) => failure && tests.every(({ state }) => state !== 'fail'));
    if (broken) return { status: DryRunStatus.Error, errorMessage: `${broken.from}: ${broken.failure.message}` };
    const tests = this.#found.flatMap(({ tests, from }) =>
      tests.map(({ id, state, message, ms }) => ({
        id,
        name: id.slice(from.length + 1),
        fileName: from,
        timeSpentMs: ms,
        status: STATUS[state] ?? TestStatus.Skipped,
        failureMessage: message,
      })),
    );
    return { status: DryRunStatus.Complete, tests, mutantCoverage: this.#coverage() };
  }

  /** How often each mutant was come past, while modules loaded and in each test. */
  #coverage() {
    const all = { static: {}, perTest: {} };
    for (const { coverage } of this.#found) {
      for (const [id, count] of Object.entries(coverage?.static ?? {})) all.static[id] = (all.static[id] ?? 0) + count;
      Object.assign(all.perTest, coverage?.perTest);
    }
    return all;
  }

  /** A mutant that nothing came past is in what modules compute once and keep: it is tried in workers that begin with it. */
  async mutantRun({ testFilter, hitLimit, activeMutant: { id: mutant }, mutantActivation }) {
    if (this.#hung) throw new Error('a worker of this process does not come back');
    if (mutantActivation === 'static') return this.#loadedWith(mutant, hitLimit, testFilter);
    let ran = 0;
    let passed = 0;
    for (const { file, tests, ms } of this.#quickFirst(testFilter)) {
      const limit = this.#hitsOf(mutant, file, tests) * ROUNDS + 1000;
      const longest = Math.min(ms * LONGER.times + LONGER.ms, LONGER.most);
      const answer = await within(longest, this.#kept.ask(file, { mutant, hitLimit: limit, tests }));
      if (!answer) return this.#endless();
      ran += answer.ran;
      passed += answer.hits;
      const status = verdict(answer, limit, ran);
      if (status) return status;
    }
    return passed > 0 ? survived(ran) : this.#loadedWith(mutant, hitLimit, testFilter);
  }

  #quickFirst(ids) {
    const files = new Map();
    for (const id of ids) files.set(fileOf(id), [...(files.get(fileOf(id)) ?? []), id]);
    const msOf = (tests) => tests.reduce((sum, id) => sum + (this.#took.get(id) ?? 0), 0);
    return [...files].map(([file, tests]) => ({ file, tests, ms: msOf(tests) })).sort((a, b) => a.ms - b.ms);
  }

  #hitsOf(mutant, file, tests) {
    const { coverage } = this.#found.find(({ from }) => from === file);
    return tests.reduce((sum, id) => sum + (coverage.perTest[id]?.[mutant] ?? 0), coverage.static[mutant] ?? 0);
  }

  async #loadedWith(mutant, hitLimit, testFilter) {
    const workers = new Workers();
    const only = testFilter && new Set(testFilter.map(fileOf));
    const started = workers.start(`${process.pid}-${this.#count++}`, { mutant, hitLimit }, only);
    const found = await within(LONGER.most, started);
    if (!found) return this.#endless();
    await workers.end();
    const ran = found.flatMap(({ tests }) => tests).filter(({ state }) => state in STATUS).length;
    return found.map((answer) => verdict(answer, hitLimit, ran)).find(Boolean) ?? survived(ran);
  }

  #endless() {
    this.#hung = true;
    return { status: MutantRunStatus.Timeout, reason: 'it computes without end' };
  }

  async dispose() {
    if (!this.#hung) await this.#kept?.end();
  }
}

function verdict({ failure, hits }, hitLimit, ran) {
  if (hits > hitLimit) return { status: MutantRunStatus.Timeout, reason: `it came past ${hits} times` };
  if (failure) return { status: MutantRunStatus.Killed, killedBy: [failure.id], failureMessage: failure.message, nrOfTests: ran };
}

/** No test has said that a mutant lives unless one ran. */
function survived(ran) {
  if (ran === 0) return { status: MutantRunStatus.Error, errorMessage: 'no test ran' };
  return { status: MutantRunStatus.Survived, nrOfTests: ran };
}

const create = () => new KeptRunner();
create.inject = [commonTokens.options];

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'kept', create)];
