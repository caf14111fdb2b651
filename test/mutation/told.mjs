/** Tells of each mutant that no test noticed as soon as that is known: a run may take long, and be ended early. */
import { relative } from 'node:path';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';

const TOLD = new Set(['Survived', 'NoCoverage']);

class Told {
  onMutantTested({ status, fileName, location: { start }, mutatorName, replacement = '' }) {
    if (!TOLD.has(status)) return;
    const place = `${relative('.', fileName)}:${start.line}:${start.column}`;
    console.log(`${status} ${place} ${mutatorName} => ${replacement.replace(/\s+/g, ' ').slice(0, 80)}`);
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Reporter, 'told', Told)];
