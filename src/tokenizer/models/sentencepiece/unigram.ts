import { Trie } from '../../trie.ts';
import { utf8Length } from '../../utf8.ts';
import { characterEnd, type Pieces, type Segmentation } from './pieces.ts';

/** How much worse than the worst piece one that is unknown is. */
const PENALTY = 10;
/** The least normal float32: scores count from there on upwards. */
const LEAST = 2 ** -126;
/** How much less than a text of the best scores a user-defined symbol is worth. */
const MARGIN = 0.1;

/** The cover that is most likely, summed in float32 from the beginning, as `EncodeOptimized` of `unigram_model.cc` since version 0.2.2. */
export const unigram: Segmentation = (pieces) => {
  const trie = new Trie();
  for (const [id, piece] of pieces.vocab.tokens.entries())
    if (pieces.isSpelled(id) && pieces.typeOf(id) !== 'unused') trie.add(piece as string, id);
  const { scores, unknownScore } = scoresOf(pieces);
  return (text, start, end, piece) => {
    const ids = new Int32Array(end - start + 1);
    const starts = new Int32Array(end - start + 1).fill(-1);
    const best = new Float32Array(end - start + 1);
    const offer = (id: number, from: number, to: number, score: number): void => {
      if (starts[to - start] >= 0 && score <= best[to - start]) return;
      ids[to - start] = id;
      starts[to - start] = from;
      best[to - start] = score;
    };
    for (let from = start; from < end; ) {
      const single = characterEnd(text, from);
      let hasSingle = false;
      trie.prefixes(text, from, end, (id, to) => {
        offer(id, from, to, Math.fround(scores[id] + best[from - start]));
        hasSingle ||= to === single;
      });
      if (!hasSingle) offer(pieces.unknown, from, single, Math.fround(unknownScore + best[from - start]));
      from = single;
    }
    const ends: number[] = [];
    for (let at = end; at > start; at = starts[at - start]) ends.push(at);
    for (const to of ends.reverse()) piece(ids[to - start], to);
  };
};

/** What covers count for each piece: symbols that users define are better than all other covers of their texts. */
function scoresOf(pieces: Pieces): { scores: Float64Array; unknownScore: number } {
  const normal = pieces.scores.filter((_, id) => pieces.typeOf(id) === 'normal');
  const best = normal.reduce((most, score) => Math.max(most, score), LEAST);
  const worst = normal.reduce((least, score) => Math.min(least, score), MOST);
  const bytesOf = (id: number): number =>
    Array.from(pieces.vocab.tokens[id] as string).reduce((sum, one) => sum + utf8Length(one.codePointAt(0) as number), 0);
  const scores = Float64Array.from(pieces.scores, (score, id) =>
    pieces.typeOf(id) === 'user-defined' ? Math.fround(bytesOf(id) * best) - MARGIN : score,
  );
  return { scores, unknownScore: Math.fround(worst - PENALTY) };
}

/** The greatest float32. */
const MOST = 2 ** 127 * (2 - 2 ** -23);
