/**
 * Tells of each mutant that no test noticed as soon as that is known: a run may take long, and be ended early. At the end of a sample it tells
 * what became of what was drawn.
 */
import { relative } from 'node:path';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { drawMutants, interval } from './draw.mjs';

const LIVE = ['Survived', 'NoCoverage'];
const NOTICED = ['Killed', 'Timeout'];
const { TRACELET_SAMPLE: share, TRACELET_SEED: seed } = process.env;

/** How many of a sample are tried before that is told. */
const EVERY = 25;

const percent = (share) => `${(share * 100).toFixed(1)} %`;

if (share) drawMutants(Number(share), seed);

class Told {
  #counts = { Killed: 0, Timeout: 0, Survived: 0, NoCoverage: 0, RuntimeError: 0 };

  onMutantTested({ status, fileName, location: { start }, mutatorName, replacement = '' }) {
    if (status === 'Ignored') return;
    this.#counts[status]++;
    if (share && this.#sum(Object.keys(this.#counts)) % EVERY === 0) console.log(JSON.stringify(this.#counts));
    if (!LIVE.includes(status)) return;
    const place = `${relative('.', fileName)}:${start.line}:${start.column}`;
    console.log(`${status} ${place} ${mutatorName} => ${replacement.replace(/\s+/g, ' ').slice(0, 80)}`);
  }

  wrapUp() {
    if (!share) return;
    const [noticed, valid] = [this.#sum(NOTICED), this.#sum([...NOTICED, ...LIVE])];
    const [low, high] = interval(noticed, valid).map(percent);
    console.log(JSON.stringify(this.#counts));
    console.log(`Score of the ${valid} drawn ${percent(noticed / valid)}; of all with 95 % certainty between ${low} and ${high}`);
  }

  #sum(names) {
    return names.reduce((total, name) => total + this.#counts[name], 0);
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Reporter, 'told', Told)];
