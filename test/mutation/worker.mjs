/**
 * Runs one test file in a worker of vitest that stays: once as it is, noting which test comes past which mutant, and then once for each mutant
 * that is asked for. The test file is evaluated anew each time, the modules of src are not. A mutant of what modules compute when they are
 * loaded gets a worker of its own, in which it is active from the start.
 */
import { BroadcastChannel, threadId } from 'node:worker_threads';
import { startTests } from '@vitest/runner';
import fc from 'fast-check';
import { TestRunner } from 'vitest';

/** What instrumented code reads and writes. */
const mutants = globalThis.__stryker__ ?? {};
globalThis.__stryker__ = mutants;

/** Whether a property holds is all that counts: the least that breaks it takes long to find. */
fc.configureGlobal({ endOnFailure: true });

const nothing = async () => {};
const nameOf = ({ name, suite }) => (suite ? `${nameOf(suite)} ${name}`.trim() : name);
const idOf = (test) => `${test.file.filepath}#${nameOf(test)}`;
const testsIn = (task) => (task.type === 'suite' ? task.tasks.flatMap(testsIn) : [task]);
const messageOf = ({ result }) => result?.errors?.[0]?.message;

/** What failed: a test, or a suite with all of its tests, or what nobody waited for. */
function failureIn(file, loose) {
  const suites = (task) => (task.type === 'suite' ? [task, ...task.tasks.flatMap(suites)] : []);
  const failed = testsIn(file).find(({ result }) => result?.state === 'fail');
  if (failed) return { id: idOf(failed), message: messageOf(failed) ?? '' };
  const suite = suites(file).find(({ result }) => result?.state === 'fail');
  if (suite || loose.length > 0)
    return { id: idOf(testsIn(file)[0] ?? { file, name: '' }), message: String(messageOf(suite ?? {}) ?? loose[0]) };
}

export default class MutantRunner extends TestRunner {
  #mutation = this.injectValue('mutation');
  #only;
  #failed = false;
  #ran = 0;
  #again = false;

  constructor(config) {
    super(config);
    mutants.activeMutant = this.#mutation.mutant;
    mutants.hitLimit = this.#mutation.hitLimit;
    mutants.hitCount = 0;
  }

  importFile(filepath, source) {
    const module = this.#again && this.workerState.evaluatedModules.getModuleById(filepath);
    if (module) this.workerState.evaluatedModules.invalidateModule(module);
    return super.importFile(filepath, source);
  }

  async onBeforeRunTask(test) {
    if (this.#failed || (this.#only && !this.#only.has(idOf(test)))) test.mode = 'skip';
    await super.onBeforeRunTask(test);
    if (test.mode === 'run' || test.mode === 'queued') this.#ran++;
  }

  onAfterRunTask(test) {
    this.#failed ||= this.#again && test.result?.state === 'fail';
    return super.onAfterRunTask(test);
  }

  onBeforeTryTask(test) {
    mutants.currentTestId = idOf(test);
    return super.onBeforeTryTask(test);
  }

  onAfterTryTask(test) {
    mutants.currentTestId = undefined;
    return super.onAfterTryTask(test);
  }

  async onAfterRunFiles(files) {
    super.onAfterRunFiles(files);
    if (this.#again) return;
    const [file] = files;
    const tests = testsIn(file).map((test) => ({
      id: idOf(test),
      state: test.mode === 'skip' || test.mode === 'todo' ? 'skip' : test.result?.state,
      message: messageOf(test),
      ms: test.result?.duration ?? 0,
    }));
    await this.#serve({
      from: file.filepath,
      threadId,
      tests,
      failure: failureIn(file, []),
      coverage: mutants.mutantCoverage,
      hits: mutants.hitCount,
    });
  }

  /** Answers with what the first run found, and then for each mutant, until told to end. */
  async #serve(found) {
    const channel = new BroadcastChannel(this.#mutation.channel);
    const restored = this.#silence();
    const loose = [];
    const onLoose = (reason) => loose.push(reason);
    process.on('unhandledRejection', onLoose);
    await new Promise((done) => {
      channel.onmessage = async ({ data }) => {
        if (data.end) return done();
        if (data.to !== found.from) return;
        loose.length = 0;
        channel.postMessage({ from: found.from, ...(await this.#mutant(data, loose)) });
      };
      channel.postMessage(found);
    });
    process.off('unhandledRejection', onLoose);
    channel.close();
    Object.assign(this, restored);
  }

  async #mutant({ to, mutant, hitLimit, tests }, loose) {
    Object.assign(mutants, { activeMutant: mutant, hitLimit, hitCount: 0 });
    [this.#only, this.#failed, this.#ran, this.#again, this.cancelRun] = [new Set(tests), false, 0, true, false];
    const [file] = await startTests([to], this);
    const { hitCount } = mutants;
    mutants.activeMutant = undefined;
    return { failure: failureIn(file, loose), ran: this.#ran, hits: hitCount };
  }

  /** Runs for mutants are no business of the process that asked for the file. */
  #silence() {
    const told = {};
    for (const name of ['onTaskUpdate', 'onCollectStart', 'onCollected']) {
      told[name] = this[name];
      this[name] = nothing;
    }
    return told;
  }
}
