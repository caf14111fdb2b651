/** Texts of about as many tokens as MiniLM takes, all different. */
const SENTENCE = 'The girl plays the violin while a man is eating food and stocks fall sharply. ';
const REPEATS = 7;

/** @param {number} count */
export function* corpus(count) {
  for (let i = 0; i < count; i++) yield `Number ${i}. ${SENTENCE.repeat(REPEATS)}`;
}
