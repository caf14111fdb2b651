import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import { type Facts, labelOf } from './facts.ts';
import { largest } from './scores.ts';

/** How tokens become entities: not at all, those of a label side by side, or words first, whose label one token or all of them decide. */
export const STRATEGIES = ['none', 'simple', 'first', 'average', 'max'] as const;
export type AggregationStrategy = (typeof STRATEGIES)[number];

/** A token with a label. */
export interface TokenEntity {
  entity: string;
  score: number;
  /** Its place in the row of its text, special tokens included. */
  index: number;
  word: string;
  /** Where it stands in the text, in UTF-16 units, as strings are indexed. */
  start: number;
  end: number;
}

/** Tokens side by side that are one thing. */
export interface EntityGroup {
  /** The label without `B-` and `I-`. */
  entity_group: string;
  /** The mean of those of its tokens or words. */
  score: number;
  word: string;
  start: number;
  end: number;
}

/** A token of a text with its score for each label. */
export interface ScoredToken {
  word: string;
  scores: Float64Array;
  start: number;
  end: number;
  index: number;
  /** Whether it goes on with the word of the token before. */
  isSubword: boolean;
}

type Labelled = Omit<TokenEntity, 'index'>;

/** The token of words whose label counts, or the mean of all. */
const DECIDING: Readonly<Record<Exclude<AggregationStrategy, 'none' | 'simple'>, (tokens: readonly ScoredToken[]) => Float64Array>> = {
  first: ([{ scores }]) => scores,
  max: (tokens) => tokens[largest(tokens.map(({ scores }) => scores[largest(scores)]))].scores,
  average: (tokens) => tokens[0].scores.map((_, id) => meanOf(tokens.map(({ scores }) => scores[id]))),
};

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Runs of things, each of which begins where `joins` says that one does not go on from the one before. */
function runsOf<T>(things: readonly T[], joins: (before: T, thing: T) => boolean): T[][] {
  const runs: T[][] = [];
  for (const [i, thing] of things.entries())
    if (i > 0 && joins(things[i - 1], thing)) runs[runs.length - 1].push(thing);
    else runs.push([thing]);
  return runs;
}

/** A label that says neither `B-` nor `I-` goes on. */
const tagOf = (label: string): { begins: boolean; tag: string } =>
  /^[BI]-/.test(label) ? { begins: label.startsWith('B-'), tag: label.slice(2) } : { begins: false, tag: label };

function goesOn({ entity: before }: Labelled, { entity }: Labelled): boolean {
  const { begins, tag } = tagOf(entity);
  return !begins && tag === tagOf(before).tag;
}

const groupName = (label: string): string => label.slice(label.indexOf('-') + 1);

/** Entities of the tokens of a text: none that stand apart are joined, whatever is ignored between them. */
export function entitiesOf(
  tokens: readonly ScoredToken[],
  strategy: AggregationStrategy,
  facts: Facts,
  tokenizer: PreTrainedTokenizerFast,
): TokenEntity[] | EntityGroup[] {
  const labelled = (scores: Float64Array): Pick<Labelled, 'entity' | 'score'> => {
    const best = largest(scores);
    return { entity: labelOf(facts, best), score: scores[best] };
  };
  const joined = <T extends Labelled | ScoredToken>(parts: readonly T[]) => ({
    word: tokenizer.convert_tokens_to_string(parts.map(({ word }) => word)),
    start: parts[0].start,
    end: parts[parts.length - 1].end,
  });
  const single = ({ scores, index, word, start, end }: ScoredToken): TokenEntity => ({ ...labelled(scores), index, word, start, end });
  if (strategy === 'none') return tokens.map(single);
  const parts: Labelled[] =
    strategy === 'simple'
      ? tokens.map(single)
      : runsOf(tokens, (_, { isSubword }) => isSubword).map((word) => ({ ...labelled(DECIDING[strategy](word)), ...joined(word) }));
  return runsOf(parts, goesOn).map((group) => ({
    entity_group: groupName(group[0].entity),
    score: meanOf(group.map(({ score }) => score)),
    ...joined(group),
  }));
}

/** Of entities of rows that overlap, the longer of two that do; of two as long, the likelier. As in transformers the first is its own neighbour, so one without characters comes twice. */
export function withoutOverlaps<Entity extends TokenEntity | EntityGroup>(entities: readonly Entity[]): Entity[] {
  const ordered = entities.toSorted((a, b) => a.start - b.start);
  const kept: Entity[] = [];
  let last = ordered[0];
  for (const entity of ordered) {
    if (entity.start < last.end) {
      const longer = entity.end - entity.start - (last.end - last.start);
      if (longer > 0 || (longer === 0 && entity.score > last.score)) last = entity;
    } else {
      kept.push(last);
      last = entity;
    }
  }
  return ordered.length === 0 ? kept : [...kept, last];
}
