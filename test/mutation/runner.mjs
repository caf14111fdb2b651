/**
 * Runs tests for StrykerJS in workers of vitest that stay. The runner that comes with StrykerJS starts a worker and loads all modules for each
 * mutant and test file, which takes far longer than the tests of this library.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import threads, { BroadcastChannel } from 'node:worker_threads';
import { commonTokens, declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { DryRunStatus, MutantRunStatus, TestStatus } from '@stryker-mutator/api/test-runner';
import { createVitest } from 'vitest/node';

const STATUS = { pass: TestStatus.Success, fail: TestStatus.Failed };
const fileOf = (id) => id.slice(0, id.indexOf('#'));

/** A mutant that comes past itself so many times as often as in the first run goes round in a loop. */
const ROUNDS = 10;
/** What a mutant may compute longer than its tests do. Computing, not waiting: a busy machine makes nothing a timeout. */
const LONGER = { times: 3, ms: 1000 };
/** What loading a test file and all that it imports may compute. */
const LOADING_MS = 2000;
const WATCH_MS = 250;

/** In the sandbox: what the first process of a campaign found and measured. */
const FOUND = 'found.json';

function isFirst() {
  try {
    writeFileSync(`${FOUND}.begun`, '', { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  }
}

/** Where threads are noted that vitest starts: it ends none that computes without end. */
let starting = new Set();
threads.Worker = class extends threads.Worker {
  constructor(...args) {
    super(...args);
    starting.add(this);
  }
};
syncBuiltinESMExports();

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
  #threads = new Set();
  /** Ids of threads by their test files. */
  #ids = new Map();
  #run;

  /** @param {string} name @param {{ mutant?: string, hitLimit?: number }} mutation what is active from the start */
  async start(name, mutation, onlyFiles) {
    starting = this.#threads = new Set();
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => {
      if (data.threadId) this.#ids.set(data.from, data.threadId);
      this.#waiting.get(data.from)?.(data);
    };
    const config = 'test/mutation/vitest.config.mjs';
    this.#vitest ??= await createVitest('test', { config, watch: false, pool: 'threads', reporters: [{}], silent: true });
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

  /** Ends the thread of a test file, or all threads, whatever they compute. */
  async stop(file) {
    const isMeant = ({ threadId }) => file === undefined || threadId === this.#ids.get(file);
    await Promise.all([...this.#threads].filter(isMeant).map((thread) => thread.terminate()));
  }

  /** Waits until all its threads have ended. */
  async rest() {
    await this.#run;
    this.#channel.close();
  }

  #answer(file) {
    return new Promise((resolve) => {
      this.#waiting.set(file, resolve);
    });
  }

  async end() {
    this.#channel.postMessage({ end: true });
    await this.rest();
    await this.#vitest.close();
  }
}

class KeptRunner {
  /** The workers of all test files, and those that took the place of one that was stopped. */
  #kept;
  #replaced = new Map();
  #found;
  /** What each test computes, in ms. */
  #took = new Map();
  /** How many mutants each test file has noticed. */
  #noticed = new Map();
  #count = 0;

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    if (!existsSync('dist/wasm/baseline.wasm')) throw new Error('dist/wasm is empty. Run npm run build first');
    this.#kept = new Workers();
    const first = isFirst();
    const started = await this.#kept.start(`${process.pid}`, {});
    if (first) {
      for (const file of started) file.cpuMs = await this.#measured(file);
      writeFileSync(`${FOUND}.part`, JSON.stringify(started));
      renameSync(`${FOUND}.part`, FOUND);
    }
    while (!existsSync(FOUND)) await sleep(WATCH_MS);
    this.#found = JSON.parse(readFileSync(FOUND, 'utf8'));
    for (const { tests, cpuMs } of this.#found) {
      const sum = tests.reduce((total, { ms }) => total + ms, 0) || 1;
      for (const { id, ms } of tests) this.#took.set(id, (cpuMs * ms) / sum);
    }
  }

  /** What a test file computes while no other does, in ms. It has to pass this second time as well: else all mutants of it would count as noticed. */
  async #measured({ from, tests, failure: before }) {
    const begin = cpuMs();
    const { failure } = await this.#kept.ask(from, { tests: tests.map(({ id }) => id) });
    if (failure && !before) throw new Error(`${from} passes once and then fails: ${failure.message}`);
    return cpuMs() - begin;
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
    if (mutantActivation === 'static') return this.#loadedWith(mutant, hitLimit, testFilter);
    let ran = 0;
    let passed = 0;
    for (const { file, tests, ms } of this.#likelyFirst(testFilter)) {
      const limit = this.#hitsOf(mutant, file, tests) * ROUNDS + 1000;
      const answer = await within(ms * LONGER.times + LONGER.ms, this.#workersOf(file).ask(file, { mutant, hitLimit: limit, tests }));
      if (!answer) {
        await this.#replace(file);
        this.#notice(file);
        return ENDLESS;
      }
      ran += answer.ran;
      passed += answer.hits;
      const status = verdict(answer, limit, ran);
      if (status) {
        this.#notice(file);
        return status;
      }
    }
    return passed > 0 ? survived(ran) : this.#loadedWith(mutant, hitLimit, testFilter);
  }

  #notice(file) {
    this.#noticed.set(file, (this.#noticed.get(file) ?? 0) + 1);
  }

  /** Test files with the tests that are meant: first those that take little, or have noticed many mutants. */
  #likelyFirst(ids) {
    const files = new Map();
    for (const id of ids) files.set(fileOf(id), [...(files.get(fileOf(id)) ?? []), id]);
    const msOf = (tests) => tests.reduce((sum, id) => sum + (this.#took.get(id) ?? 0), 0);
    const cost = ({ file, ms }) => ms / (1 + (this.#noticed.get(file) ?? 0));
    return [...files].map(([file, tests]) => ({ file, tests, ms: msOf(tests) })).sort((a, b) => cost(a) - cost(b));
  }

  #hitsOf(mutant, file, tests) {
    const { coverage } = this.#found.find(({ from }) => from === file);
    return tests.reduce((sum, id) => sum + (coverage.perTest[id]?.[mutant] ?? 0), coverage.static[mutant] ?? 0);
  }

  async #loadedWith(mutant, hitLimit, testFilter) {
    const workers = new Workers();
    const only = testFilter && new Set(testFilter.map(fileOf));
    const started = workers.start(`${process.pid}-${this.#count++}`, { mutant, hitLimit }, only);
    const files = this.#found.filter(({ from }) => !only || only.has(from));
    const found = await within((files.reduce((sum, { cpuMs }) => sum + cpuMs, 0) + LOADING_MS * files.length) * LONGER.times, started);
    if (!found) {
      await workers.stop();
      await workers.end();
      return ENDLESS;
    }
    await workers.end();
    const ran = found.flatMap(({ tests }) => tests).filter(({ state }) => state in STATUS).length;
    return found.map((answer) => verdict(answer, hitLimit, ran)).find(Boolean) ?? survived(ran);
  }

  #workersOf(file) {
    return this.#replaced.get(file) ?? this.#kept;
  }

  /** Another worker for a test file whose worker computes without end. It runs its tests once, so that no mutant is in what modules keep. */
  async #replace(file) {
    await this.#workersOf(file).stop(file);
    const before = this.#replaced.get(file);
    await before?.rest();
    const workers = before ?? new Workers();
    this.#replaced.set(file, workers);
    await workers.start(`${process.pid}-${this.#count++}`, {}, new Set([file]));
  }

  async dispose() {
    for (const workers of [this.#kept, ...this.#replaced.values()]) await workers?.end();
  }
}

const ENDLESS = { status: MutantRunStatus.Timeout, reason: 'it computes without end' };

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
