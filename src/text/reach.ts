import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { warn } from '../base/warn.ts';
import { type Graph, type Node, storageOf } from '../graph/graph.ts';
import { rangesOf } from '../ops/call.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';

/** The input that takes the ids of texts. */
const IDS = 'input_ids';

/**
 * Proves that the ids that a tokenizer gives to texts have rows in the tables that the graph looks them up in. Throws a `value` error that names
 * the token; special tokens that occur in no text but one that holds them are a warning, for such a text is an error of its own.
 */
export function checkReach(graph: Graph, tokenizer: PreTrainedTokenizerFast): void {
  const [bound, node] = narrowest(graph);
  const table = node && tableOf(node);
  const problem = (written: boolean) => {
    const { id, token } = tokenizer.largestId(written);
    return id < bound
      ? undefined
      : {
          what: 'the tokenizer of the trace',
          expected: `ids below ${bound}, the rows of ${table ?? 'its table'}`,
          got: `${id}, the id of ${describe(token)}`,
          cure: `Take the tokenizer that belongs to the model. Or make room for added tokens with model.resize_token_embeddings(${id + 1})`,
        };
  };
  const reached = problem(false);
  if (reached) throw new TraceletError('value', reached);
  const written = problem(true);
  if (written) warn(new TraceletError('value', written).message);
}

/** Below what the ids have to be, and the lookup that says so. */
function narrowest({ nodes }: Graph): [bound: number, node: Node | undefined] {
  let least: [number, Node | undefined] = [Number.POSITIVE_INFINITY, undefined];
  for (const node of nodes)
    for (const [name, { bound }] of rangesOf(node.call)) {
      const value = node.operands[name];
      const storage = value && storageOf(value);
      if (storage?.kind === 'input' && storage.name === IDS && bound < least[0]) least = [bound, node];
    }
  return least;
}

const tableOf = ({ operands }: Node): string | undefined => {
  const table = Object.values(operands).find((value) => value?.kind === 'constant');
  return table?.kind === 'constant' ? table.parts[0].name : undefined;
};
