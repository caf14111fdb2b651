/**
 * Draws a share of all mutants, each with the same chance, where TRACELET_SAMPLE says which: those that are not drawn are not made, so that the
 * code runs almost as fast as without any.
 */
import { createHash } from 'node:crypto';
import { allMutators } from './node_modules/@stryker-mutator/instrumenter/dist/src/mutators/index.js';

/** Whether a mutant is drawn: as its name, which no other has, and the seed have it. */
function isDrawn(name, seed, share) {
  const hash = createHash('sha256').update(`${seed} ${name}`).digest();
  return hash.readUInt32LE() < share * 2 ** 32;
}

export function drawMutants(share, seed) {
  for (const mutator of allMutators) {
    const { mutate } = mutator;
    mutator.mutate = function* (path) {
      const { start, end } = path.node.loc;
      const file = path.findParent(({ parentPath }) => !parentPath)?.node.end ?? 0;
      let number = 0;
      for (const replacement of mutate(path)) {
        const name = [mutator.name, file, start.line, start.column, end.line, end.column, number++].join(' ');
        if (isDrawn(name, seed, share)) yield replacement;
      }
    };
  }
}

/** Where the share in all lies with 95 % certainty if `hits` of `count` drawn are hits: Wilson's score interval. */
export function interval(hits, count) {
  const z2 = 1.96 ** 2;
  const middle = (hits + z2 / 2) / (count + z2);
  const reach = (1.96 / (count + z2)) * Math.sqrt((hits * (count - hits)) / count + z2 / 4);
  return [middle - reach, middle + reach];
}
