/**
 * Tells of each mutant that no test noticed as soon as that is known: a run may take long, and be ended early. Of a sample it draws the mutants
 * as well, and tells at the end what became of them.
 */
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { interval, shuffled } from './draw.mjs';

const LIVE = ['Survived', 'NoCoverage'];
const NOTICED = ['Killed', 'Timeout'];
const { TRACELET_DRAWN: drawnFile, TRACELET_SAMPLE: sample, TRACELET_SEED: seed } = process.env;

/** How many of a sample are tried before that is told. */
const EVERY = 25;

const percent = (share) => `${(share * 100).toFixed(1)} %`;

class Told {
  #all = 0;
  /** Ids of the mutants that count; all do where no sample was asked for. */
  #drawn;
  #counts = { Killed: 0, Timeout: 0, Survived: 0, NoCoverage: 0, RuntimeError: 0 };

  onMutationTestingPlanReady({ mutantPlans }) {
    if (!drawnFile) return;
    const ids = mutantPlans.filter(({ mutant }) => mutant.status !== 'Ignored').map(({ mutant }) => mutant.id);
    this.#all = ids.length;
    this.#drawn = new Set(shuffled(ids, Number(seed)).slice(0, Number(sample)));
    writeFileSync(drawnFile, JSON.stringify([...this.#drawn]));
  }

  onMutantTested({ id, status, fileName, location: { start }, mutatorName, replacement = '' }) {
    if (status === 'Ignored' || (this.#drawn && !this.#drawn.has(id))) return;
    this.#counts[status]++;
    const done = Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
    if (this.#drawn && done % EVERY === 0) console.log(`${done} of ${this.#drawn.size} tried`);
    if (!LIVE.includes(status)) return;
    const place = `${relative('.', fileName)}:${start.line}:${start.column}`;
    console.log(`${status} ${place} ${mutatorName} => ${replacement.replace(/\s+/g, ' ').slice(0, 80)}`);
  }

  wrapUp() {
    if (!this.#drawn) return;
    const sum = (names) => names.reduce((total, name) => total + this.#counts[name], 0);
    const [noticed, valid] = [sum(NOTICED), sum([...NOTICED, ...LIVE])];
    const { Killed, Timeout, Survived, NoCoverage, RuntimeError } = this.#counts;
    console.log(`${this.#drawn.size} drawn of ${this.#all} mutants with seed ${seed}: ${Killed} killed, ${Timeout} timed out,`);
    console.log(`${Survived} survived, ${NoCoverage} in no test, ${RuntimeError} without result.`);
    const [low, high] = interval(noticed, valid).map(percent);
    console.log(`Score ${percent(noticed / valid)}, of all with 95 % certainty between ${low} and ${high}`);
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Reporter, 'told', Told)];
