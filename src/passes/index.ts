import { type Graph, verifyGraph } from '../trace/graph.ts';
import { shareCommonSubexpressions } from './cse.ts';
import { eliminateDeadCode } from './dce.ts';
import { foldConstants } from './fold.ts';
import { fuse } from './fuse.ts';

type Pass = (graph: Graph) => Graph;

/** The passes in the order in which they run. */
const PASSES: readonly { name: string; run: Pass; fusion?: boolean }[] = [
  { name: 'dead code', run: eliminateDeadCode },
  { name: 'common subexpressions', run: shareCommonSubexpressions },
  { name: 'fusion', run: fuse, fusion: true },
  { name: 'constant folding', run: foldConstants },
  { name: 'dead code', run: eliminateDeadCode },
];

/** The graph after all passes, verified after each. */
export function optimise(graph: Graph, options: { fusion: boolean }): Graph {
  let optimised = graph;
  for (const pass of PASSES) {
    if (pass.fusion && !options.fusion) continue;
    optimised = pass.run(optimised);
    verifyGraph(optimised);
  }
  return optimised;
}
