/** Texts of many lengths that follow from a seed, and requests about them on every route that the model has. */

import { fileURLToPath } from 'node:url';

/** The default model, in int8. */
export const MODEL = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2/model.tracelet', import.meta.url));

/** A number below `most`, the next of a sequence that follows from the seed (Park and Miller 1988). @param {number} seed */
function drawing(seed) {
  let state = seed;
  return (most) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % most;
  };
}

const WORDS =
  'a man is eating food someone has meal shares fell on monday the cat sleeps kitten naps rain in spain late train to paris'.split(' ');

/** @param {number} count @param {{ least?: number, most?: number, seed?: number }} [lengths] in words */
export function texts(count, { least = 4, most = 60, seed = 1 } = {}) {
  const below = drawing(seed);
  return Array.from({ length: count }, () =>
    Array.from({ length: least + below(most - least + 1) }, () => WORDS[below(WORDS.length)]).join(' '),
  );
}

/** What is asked of each text, by the path. @type {Readonly<Record<string, (inputs: string[]) => object>>} */
const BODIES = {
  embed: (inputs) => ({ inputs }),
  'v1/embeddings': (input) => ({ model: 'minilm', input, encoding_format: 'base64' }),
  'api/embed': (input) => ({ model: 'minilm', input }),
  similarity: ([source_sentence, ...sentences]) => ({ inputs: { source_sentence, sentences: [...sentences, source_sentence] } }),
  tokenize: (inputs) => ({ inputs }),
};

/** Requests of one to four texts each. @param {number} count @param {number} [seed] */
export function requests(count, seed = 2) {
  const pool = texts(200, { least: 1, most: 30, seed });
  const paths = Object.keys(BODIES);
  return Array.from({ length: count }, (_, i) => {
    const inputs = Array.from({ length: 1 + (i % 4) }, (_, j) => pool[(7 * i + 31 * j) % pool.length]);
    const path = paths[i % paths.length];
    return { path, body: JSON.stringify(BODIES[path](inputs)) };
  });
}
