import type { Made, Node } from '../node.ts';

/** What a node is in one op that says more, if it is anything. */
export type Rule = (node: Made) => Node | undefined;

/** Rules by the op of the node that they look at. */
export type Rules = Readonly<Record<string, readonly Rule[]>>;
