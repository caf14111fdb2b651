import type { Ranges } from './ranges.ts';

/** Where something matches without taking a character. */
export type Place = 'start' | 'end' | 'beforeLastBreak' | 'lineStart' | 'lineEnd' | 'wordEdge' | 'notWordEdge' | 'searchStart';

/** How a repetition tries its counts: the most first, the least first, or the most alone. */
export type Greed = 'greedy' | 'lazy' | 'possessive';

/** A set of characters. `literal` is the character that a pattern has written where it matches regardless of case. */
export interface SetNode {
  readonly kind: 'set';
  readonly set: Ranges;
  readonly literal?: number;
}

/** `max` is Infinity where there is no bound. */
export interface RepeatNode {
  readonly kind: 'repeat';
  readonly body: Node;
  readonly min: number;
  readonly max: number;
  readonly greed: Greed;
}

export interface LookNode {
  readonly kind: 'look';
  readonly body: Node;
  readonly behind: boolean;
  readonly negative: boolean;
}

/** A regular expression. A sequence of nothing matches the empty text; an atomic one is left as it first matched; a group stands by itself. */
export type Node =
  | SetNode
  | RepeatNode
  | LookNode
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'atomic'; readonly body: Node }
  | { readonly kind: 'group'; readonly body: Node }
  | { readonly kind: 'at'; readonly place: Place };

export const setOf = (set: Ranges): SetNode => ({ kind: 'set', set });
export const sequenceOf = (parts: readonly Node[]): Node => (parts.length === 1 ? parts[0] : { kind: 'sequence', parts });
export const choiceOf = (parts: readonly Node[]): Node => (parts.length === 1 ? parts[0] : { kind: 'choice', parts });
