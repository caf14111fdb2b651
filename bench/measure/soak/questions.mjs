/** Calls whose answers are known, by digest: no two questions have the same. */
import { createHash } from 'node:crypto';
import { tensor } from '../../../dist/index.js';
import { tokenIds } from '../answers.mjs';

/**
 * @typedef {import('../../../dist/index.js').TracedModule} TracedModule
 * @typedef {{ signal?: AbortSignal }} Options
 * @typedef {(trace: TracedModule, options: Options) => Promise<ArrayBufferView[]>} Ask
 * @typedef {{ ask: Ask, digest: string }} Question
 */

const WORDS = 'The girl plays a violin while nobody listens and stocks fall sharply in 1987 Größe 東京 🎻 .'.split(' ');

/** Numbers from 0 up to 1, the same in every run. @param {number} seed @returns {() => number} */
export function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A whole number from 1 to `most`. @param {() => number} random @param {number} most */
const upTo = (random, most) => 1 + Math.floor(random() * most);

/** @param {readonly ArrayBufferView[]} parts */
export function digestOf(parts) {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  return hash.digest('hex');
}

/** Ids that a model of `vocabulary` words knows. @param {number} length @param {number} seed @param {number} vocabulary */
const idsOf = (length, seed, vocabulary) => tokenIds(length, seed).map((id) => id % vocabulary);

/** A batch of texts of any lengths, some filled up, all outputs or one. @param {() => number} random @param {{ batch: number, sequence: number, vocabulary: number }} most @returns {Ask} */
function batchQuestion(random, most) {
  const [batch, width] = [upTo(random, most.batch), upTo(random, most.sequence)];
  const lengths = Array.from({ length: batch }, (_, row) => (row === 0 ? width : upTo(random, width)));
  const filled = (/** @type {number[]} */ row) => [...row, ...new Array(width - row.length).fill(0)];
  const inputs = {
    input_ids: tensor(lengths.map((length) => filled(idsOf(length, upTo(random, 1e6), most.vocabulary)))),
    token_type_ids: tensor(lengths.map(() => filled([]))),
    attention_mask: tensor(lengths.map((length) => filled(new Array(length).fill(1)))),
  };
  const outputs = random() < 1 / 3 ? ['pooler_output'] : undefined;
  return async (trace, options) => {
    const result = await trace.run(inputs, outputs ? { ...options, outputs } : options);
    return (outputs ?? ['last_hidden_state', 'pooler_output']).map((name) => result[name].data);
  };
}

/** Some texts of one to forty words. @param {() => number} random @returns {Ask} */
function textQuestion(random) {
  const texts = Array.from({ length: upTo(random, 4) }, () =>
    Array.from({ length: upTo(random, 40) }, () => WORDS[Math.floor(random() * WORDS.length)]).join(' '),
  );
  return async (trace, options) => [(await trace.embed(texts, options)).data];
}

/** @param {TracedModule} trace @param {number} count @param {() => Ask} make @returns {Promise<Question[]>} */
async function answered(trace, count, make) {
  const questions = [];
  const digests = new Set();
  while (questions.length < count) {
    const ask = make();
    const digest = digestOf(await ask(trace, {}));
    if (digests.has(digest)) continue;
    digests.add(digest);
    questions.push({ ask, digest });
  }
  return questions;
}

/** @param {TracedModule} trace on one thread @param {number} count @param {{ batch: number, sequence: number, vocabulary: number }} most */
export function batchQuestions(trace, count, most) {
  const random = randomFrom(1);
  return answered(trace, count, () => batchQuestion(random, most));
}

/** @param {TracedModule} trace on one thread @param {number} count */
export function textQuestions(trace, count) {
  const random = randomFrom(2);
  return answered(trace, count, () => textQuestion(random));
}
