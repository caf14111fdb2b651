/**
 * Looks for words first, then lets a cross-encoder read what was found: `node examples/tasks/rerank.mjs "What about money?"`.
 * Word search is quick and finds too much; a cross-encoder reads question and passage together, which is slow and exact, so it gets a few.
 *
 * The model in `models/reranker` was trained in minutes on the passages of one help desk (models/train.py): it knows what they are about
 * and nothing else. Put a real one in its place, such as cross-encoder/ms-marco-MiniLM-L6-v2, and any passages will do.
 */
import { fileURLToPath } from 'node:url';
import { CrossEncoder } from 'tracelet';

const PASSAGES = [
  'Refunds are paid within ten days.',
  'A receipt is in your account after payment.',
  'Ask for a refund in your account.',
  'The warranty covers defects for two years.',
  'Orders go to the address in your account.',
  'Parcels arrive within three days.',
  'A late delivery is traced by our carrier.',
  'Choose a new password on the login page.',
  'A locked account opens again after an hour.',
  'Stop it in your account and leave when you like.',
  'Measure your foot before you choose a size.',
  'Call us on weekdays from nine to five.',
];

const wordsOf = (text) => text.toLowerCase().match(/\p{L}+/gu) ?? [];
const documents = PASSAGES.map(wordsOf);
const mean = documents.reduce((sum, { length }) => sum + length, 0) / documents.length;

/** BM25 with its usual constants: rare words count more, and less each time they come again. */
function bm25(question, document) {
  let score = 0;
  for (const word of new Set(wordsOf(question))) {
    const holding = documents.filter((words) => words.includes(word)).length;
    const times = document.filter((other) => other === word).length;
    const rarity = Math.log(1 + (documents.length - holding + 0.5) / (holding + 0.5));
    score += (rarity * times * 2.2) / (times + 1.2 * (0.25 + (0.75 * document.length) / mean));
  }
  return score;
}

const question = process.argv.slice(2).join(' ') || 'How do I return it and get my money in my account?';
const found = documents
  .map((words, i) => ({ text: PASSAGES[i], score: bm25(question, words) }))
  .filter(({ score }) => score > 0)
  .sort((a, b) => b.score - a.score);

console.log(`${question}\n\nby words`);
for (const { text, score } of found.slice(0, 4)) console.log(score.toFixed(2), text);

const reranker = await CrossEncoder.from_pretrained(fileURLToPath(new URL('models/reranker', import.meta.url)));
const ranked = await reranker.rank(question, found.map(({ text }) => text), { top_k: 4, return_documents: true }); // biome-ignore format: one call
reranker.dispose();

console.log('\nread together');
for (const { text, score } of ranked) console.log(score.toFixed(2), text);
