import { type Graph, verifyGraph } from '../graph/graph.ts';
import { compact } from './compact.ts';
import { shareCommonSubexpressions } from './cse.ts';
import { eliminateDeadCode } from './dce.ts';
import { foldConstants } from './fold.ts';
import { fuse } from './fuse.ts';
import { wantRows } from './wantedrows.ts';

/** Which passes run, and how. */
export interface Passes {
  /** Merge steps into ops that do several at once. */
  fusion: boolean;
  /** Leave out the tokens that the attention_mask rules out. */
  compaction: boolean;
  /** Compute equal things once; true unless given. */
  sharing?: boolean;
  /** Outputs that calls ask for without the others; none in particular unless given. */
  alone?: readonly string[];
  /** How many tokens are left then; all unless given. */
  tokens?: number;
}

/** The passes in the order in which they run. */
const PASSES: readonly { name: string; run: (graph: Graph, options: Passes) => Graph; when?: 'fusion' | 'compaction' | 'sharing' }[] = [
  { name: 'dead code', run: eliminateDeadCode },
  { name: 'common subexpressions', run: shareCommonSubexpressions, when: 'sharing' },
  { name: 'compaction', run: (graph, { tokens }) => compact(graph, tokens), when: 'compaction' },
  { name: 'wanted rows', run: (graph, { alone }) => wantRows(graph, alone) },
  { name: 'fusion', run: fuse, when: 'fusion' },
  { name: 'constant folding', run: foldConstants },
  { name: 'dead code', run: eliminateDeadCode },
];

/** The graph after all passes, verified after each. */
export function optimise(graph: Graph, given: Passes): Graph {
  const options = { sharing: true, ...given };
  let optimised = graph;
  for (const pass of PASSES) {
    if (pass.when && !options[pass.when]) continue;
    optimised = pass.run(optimised, options);
    verifyGraph(optimised);
  }
  return optimised;
}
