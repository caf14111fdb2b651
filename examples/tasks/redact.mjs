/**
 * Takes personal data out of a text: `node examples/tasks/redact.mjs "Ada Lovelace called from +44 20 7946018."`, or from stdin, a text a line.
 * Entities have their places in the string, so nothing else of it changes.
 *
 * The model in `models/pii` was trained in minutes on made-up English sentences (models/train.py). It finds what looks like them and misses much
 * else. Put a real one in its place, trained on texts like yours, and have people look at what it leaves: no model finds everything.
 */
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { pipeline } from 'tracelet';

const SURE = 0.5;

const find = await pipeline('ner', fileURLToPath(new URL('models/pii', import.meta.url)), { aggregation_strategy: 'simple', stride: 16 });

/** A text with each entity replaced by what it is. */
async function redacted(text) {
  let [safe, at] = ['', 0];
  for (const { entity_group, score, start, end } of await find(text)) {
    if (score < SURE) continue;
    safe += `${text.slice(at, start)}[${entity_group}]`;
    at = end;
  }
  return safe + text.slice(at);
}

const given = process.argv.slice(2);
const texts = given.length > 0 ? [given.join(' ')] : createInterface({ input: process.stdin });
for await (const text of texts) console.log(await redacted(text));
find.dispose();
