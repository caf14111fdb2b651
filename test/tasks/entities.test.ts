import { describe, expect, test } from 'vitest';
import { AutoTokenizer } from '../../src/index.ts';
import { type AggregationStrategy, type EntityGroup, entitiesOf, type ScoredToken, withoutOverlaps } from '../../src/tasks/entities.ts';
import { largest, sigmoid, softmax, topIndexes } from '../../src/tasks/scores.ts';
import { bestSpans, shares } from '../../src/tasks/spans.ts';
import { fixture } from '../support/fixtures.ts';

const tokenizer = await AutoTokenizer.from_pretrained(fixture('pipelines/ner'));
const LABELS = ['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC', 'MISC'];
const facts = { labels: Object.fromEntries(LABELS.entries()), problem_type: null };

/** Tokens of one letter each, with a score for one label; `+` before a label says that the token goes on with a word. */
const tokensOf = (...labels: readonly (readonly [label: string, score: number])[]): ScoredToken[] =>
  labels.map(([label, score], index) => {
    const scores = new Float64Array(LABELS.length).fill((1 - score) / (LABELS.length - 1));
    scores[LABELS.indexOf(label.replace('+', ''))] = score;
    return { word: 'a', scores, start: index, end: index + 1, index, isSubword: label.startsWith('+') };
  });
const groupsOf = (strategy: AggregationStrategy, tokens: ScoredToken[]): [string, number, number, number][] =>
  (entitiesOf(tokens, strategy, facts, tokenizer) as EntityGroup[]).map(({ entity_group, start, end, score }) => [
    entity_group,
    start,
    end,
    Number(score.toFixed(6)),
  ]);

describe('entities', () => {
  test('that stand apart are two, whatever is ignored between them', () => {
    const tokens = tokensOf(['B-PER', 0.8], ['I-PER', 0.6], ['O', 0.9], ['I-PER', 0.7]);
    expect(groupsOf('simple', tokens)).toEqual([['PER', 0, 2, 0.7], ['O', 2, 3, 0.9], ['PER', 3, 4, 0.7]]); // biome-ignore format: one row
  });

  test('begin where a label says so, or is another', () => {
    const tokens = tokensOf(['B-PER', 0.5], ['B-PER', 0.5], ['I-LOC', 0.5], ['I-LOC', 0.5], ['MISC', 0.5], ['MISC', 0.5]);
    expect(groupsOf('simple', tokens).map(([name, start, end]) => [name, start, end])).toEqual([
      ['PER', 0, 1],
      ['PER', 1, 2],
      ['LOC', 2, 4],
      ['MISC', 4, 6],
    ]);
  });

  test.each<[AggregationStrategy, string, number]>([
    ['first', 'PER', 0.4],
    ['max', 'LOC', 0.9],
    ['average', 'LOC', (0.12 + 0.9 + 0.04) / 3],
  ])('of a word have the label that %s says', (strategy, label, score) => {
    const tokens = tokensOf(['B-PER', 0.4], ['+I-LOC', 0.9], ['+O', 0.8]);
    expect(groupsOf(strategy, tokens)).toEqual([[label, 0, 3, Number(score.toFixed(6))]]);
  });

  test('of overlapping rows are the longer ones, and the likelier of two as long', () => {
    const entity = (start: number, end: number, score: number) => ({ entity_group: 'PER', word: '', start, end, score });
    expect(withoutOverlaps([entity(4, 6, 0.5), entity(0, 3, 0.2), entity(5, 8, 0.1), entity(8, 9, 0.3), entity(8, 9, 0.4)])).toEqual([
      entity(0, 3, 0.2),
      entity(5, 8, 0.1),
      entity(8, 9, 0.4),
    ]);
    expect(withoutOverlaps([])).toEqual([]);
    expect(withoutOverlaps([entity(0, 0, 0.5), entity(0, 2, 0.1), entity(2, 2, 0.1)])).toEqual([
      entity(0, 0, 0.5),
      entity(0, 0, 0.5),
      entity(0, 2, 0.1),
      entity(2, 2, 0.1),
    ]);
  });
});

describe('scores', () => {
  test('overflow at no end', () => {
    expect([sigmoid(-1000), sigmoid(0), sigmoid(1000)]).toEqual([0, 0.5, 1]);
    expect([...softmax([1000, 1000])]).toEqual([0.5, 0.5]);
    expect([...softmax([-1e4, 0])]).toEqual([0, 1]);
  });

  test.each([0, 1, 2, 3, 7, 20])('the %i largest are those of a sorted list, the first of equals first', (count) => {
    const values = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5];
    const sorted = [...values.keys()].sort((a, b) => values[b] - values[a] || a - b);
    expect(topIndexes(values, count)).toEqual(sorted.slice(0, count));
    expect(largest(values)).toBe(5);
  });
});

describe('spans', () => {
  test('are the best of all that are allowed, in their order', () => {
    const allowed = [true, false, true, true, true];
    const [starts, ends] = [shares([1, 99, 2, 3, 0], allowed), shares([1, 99, 0, 1, 2], allowed)];
    expect(starts.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    expect([starts[1], ends[1]]).toEqual([0, 0]);
    const all = [];
    for (let start = 0; start < 5; start++)
      for (let end = start; end < Math.min(5, start + 2); end++)
        if (starts[start] * ends[end] > 0) all.push({ start, end, score: starts[start] * ends[end] });
    all.sort((a, b) => b.score - a.score);
    for (const count of [1, 3, 100]) expect(bestSpans(starts, ends, 2, count)).toEqual(all.slice(0, count));
  });
});
