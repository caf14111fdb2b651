import { sizeOf } from '../../tensor/tensor.ts';
import { type Knowledge, pointwise, repeatedKnowledge, uniformForm, uniformValue } from '../knowledge.ts';
import { expand, reshape, transpose } from '../moves.ts';
import { isWhole, type Made, made, type Node } from '../node.ts';
import { distanceTable } from './bias.ts';
import { type Picked, pickedIn, type Sides, type Terms, termsOf } from './distances.ts';
import { headsOf, rowsOf, unrepeated } from './heads.ts';
import { eitherWay, madeBy, numberOf, uncast } from './match.ts';
import { alongside, turnedTogether } from './rotary.ts';
import type { Rule, Rules } from './rule.ts';
import { unscaled } from './scaled.ts';
import { type Sight, sightOf } from './sight.ts';
import { areOthers } from './streams.ts';

/** Attention, however its scores are scaled, masked and biased. */

/** Scores as factor · (q · kᵀ) + term + bias. */
interface Scores {
  product: Made;
  factor: Knowledge;
  term: Knowledge;
  bias?: Made;
  /** Products by distance that are added, once they are multiplied with a factor of their own. */
  picked?: { those: readonly Picked[]; factor: Knowledge };
}

/** How deep scores may lie under what is done to them. */
const DEEPEST = 24;

/** m · y, where 0 times what is not finite is 0: what is left out already stays so. */
const weighed = (m: number, y: number): number => (m === 0 || y === 0 ? 0 : m * y);

/** Reads what stands between softmax and a product from the outside in: scores become factor · inner + term at each step. */
class Reader {
  readonly #shape: readonly number[];
  /** The shape that scores have where it is read: batch and heads may be one dimension. */
  #own: readonly number[];
  #factor: Knowledge;
  #term: Knowledge;
  #bias: Made | undefined;
  #picked: Scores['picked'];

  constructor(shape: readonly number[]) {
    this.#shape = this.#own = shape;
    this.#factor = uniformForm(shape, 1);
    this.#term = uniformForm(shape, 0);
  }

  read(node: Node): Scores | undefined {
    let at: Node | undefined = uncast(node);
    for (let depth = 0; at && depth < DEEPEST; depth++) {
      if (at.kind === 'view' && isWhole(at, at.shape) && at.base.kind === 'made') at = at.base;
      if (at.kind !== 'made') return undefined;
      if (at.op === 'matmul') return this.#readTo(at);
      const inner: Node | undefined = this.#step(at);
      at = inner && uncast(inner);
    }
    return undefined;
  }

  #readTo(product: Made): Scores {
    return { product, factor: this.#factor, term: this.#term, bias: this.#bias, picked: this.#picked };
  }

  /** What `node` is made of, once it is taken into account what it does. */
  #step(node: Made): Node | undefined {
    const [a, b, c] = node.operands;
    this.#own = node.shape;
    switch (node.op) {
      case 'mul':
        return this.#scaled(node);
      case 'div':
        return this.#times(a, b, (m, y) => m / y);
      case 'add':
        return this.#added(node);
      case 'sub':
        return this.#plus(a, b, (m, t, y) => t - weighed(m, y));
      case 'where':
        return this.#chosen(a, b, c);
      case 'maximum':
        return (numberOf(b) ?? 0) <= -1e4 ? a : undefined;
      default:
        return undefined;
    }
  }

  /** What a node says of scores, if it follows from sizes and a mask. */
  #over(node: Node): Knowledge | undefined {
    const { known, shape } = node;
    if (!known || shape.length > this.#own.length) return undefined;
    return this.#own.length === 3 ? reshape(expand(node, this.#own), this.#shape).known : repeatedKnowledge(known, shape, this.#shape);
  }

  #scaled(node: Made): Node | undefined {
    for (const [inner, known] of eitherWay(node)) {
      const found = this.#times(inner, known, weighed);
      if (found) return found;
    }
    return undefined;
  }

  #added(node: Made): Node | undefined {
    for (const [inner, known] of eitherWay(node)) {
      const found = this.#plus(inner, known, (m, t, y) => t + weighed(m, y));
      if (found) return found;
    }
    for (const [inner, bias] of eitherWay(node)) if (this.#biased(bias)) return inner;
    for (const [inner, sum] of eitherWay(node)) if (this.#summed(inner, sum)) return inner;
    return undefined;
  }

  /** Takes in products by distance. */
  #summed(inner: Node, sum: Node): boolean {
    const size = sizeOf(this.#shape);
    const those = this.#picked || sizeOf(inner.shape) !== size || sizeOf(sum.shape) !== size ? undefined : pickedIn(sum);
    if (those) this.#picked = { those, factor: this.#factor };
    return those !== undefined;
  }

  /** Takes in a bias by distance, which may have a mask added to it. */
  #biased(node: Node): boolean {
    if (this.#bias || uniformValue(this.#factor) !== 1) return false;
    const sum = madeBy(node, 'add');
    for (const [table, known] of sum ? eitherWay(sum) : []) {
      const bias = known.known && distanceTable(table, this.#shape);
      if (!bias || !this.#plus(table, known, (_, t, y) => t + y)) continue;
      this.#bias = bias;
      return true;
    }
    this.#bias = distanceTable(node, this.#shape);
    return this.#bias !== undefined;
  }

  #chosen(condition: Node, x: Node, y: Node): Node | undefined {
    const where = this.#over(condition);
    const [kept, other] = [this.#over(x), this.#over(y)];
    if (!where || Boolean(kept) === Boolean(other)) return undefined;
    const value = (kept ?? other) as Knowledge;
    const isInner = kept ? (c: number) => c === 0 : (c: number) => c !== 0;
    const factor = pointwise((c, m) => (isInner(c) ? m : 0), [where, this.#factor], this.#shape);
    const term = pointwise((c, m, t, v) => (isInner(c) ? t : t + weighed(m, v)), [where, this.#factor, this.#term, value], this.#shape);
    return this.#keep(factor, term) ? (kept ? y : x) : undefined;
  }

  /** `inner`, once scores are multiplied by what is known of `node`. */
  #times(inner: Node, node: Node, step: (m: number, y: number) => number): Node | undefined {
    const y = this.#over(node);
    if (!y || inner.known) return undefined;
    return this.#keep(pointwise(step, [this.#factor, y], this.#shape), this.#term) ? inner : undefined;
  }

  /** `inner`, once what is known of `node` is added to scores. */
  #plus(inner: Node, node: Node, step: (m: number, t: number, y: number) => number): Node | undefined {
    const y = this.#over(node);
    if (!y || inner.known) return undefined;
    return this.#keep(this.#factor, pointwise(step, [this.#factor, this.#term, y], this.#shape)) ? inner : undefined;
  }

  #keep(factor: Knowledge | undefined, term: Knowledge | undefined): boolean {
    if (factor && term) [this.#factor, this.#term] = [factor, term];
    return factor !== undefined && term !== undefined;
  }
}

/** Rows of queries and keys, and all that decides about their probabilities. */
interface Attending extends Sight, Sides, Terms {
  bias?: Made;
  heads: number;
  key_heads: number;
  is_cross: boolean;
  /** Whether it has products by distance, or queries that see no key. */
  disentangled?: true;
}

/** [batch, heads, …] of scores that have one dimension for both: queries that lie row by row have one head. */
function shapeOf(node: Node, scores: readonly number[]): readonly number[] {
  if (scores.length === 4) return scores;
  const copy = node.kind === 'view' ? madeBy(node.base, 'copy')?.operands[0] : undefined;
  const [all, queries, keys] = scores;
  const isPlain = node.kind !== 'view' || isWhole(node, node.shape);
  const known = copy?.shape.length === 4 && copy.shape[0] * copy.shape[1] === all ? copy.shape : isPlain ? [all, 1] : [1, all];
  return [known[0], known[1], queries, keys];
}

function attending(scores: Node): Attending | undefined {
  const given = scores.shape;
  if (given.length !== 4) return undefined;
  const found = new Reader(given).read(scores);
  if (!found) return undefined;
  const [batch, heads, queries, keys] = given;
  const [a, b] = found.product.operands;
  const [q, k] = [a, transpose(b, -1, -2)].map((node, i) =>
    unscaled(reshape(node, [batch, heads, i === 0 ? queries : keys, node.shape.at(-1) as number])),
  );
  const sight = sightOf({ factor: found.factor, term: found.term, shape: given });
  if (!sight || (found.bias && sight.scale !== 1 && sight.scale === 0)) return undefined;
  const own = unrepeated(k.node);
  const sides = { q: rowsOf(q.node), k: rowsOf(own) };
  const scale = q.scale * k.scale;
  const each = { heads, key_heads: own.shape[1], is_cross: queries !== keys || areOthers(sides.q, sides.k) };
  const { picked, bias } = found;
  if (!picked && !sight.blinds) return { ...sight, ...turnedTogether(sides.q, sides.k), ...each, bias, scale: sight.scale * scale };
  const terms = bias || each.is_cross || heads !== each.key_heads ? undefined : disentangled(found, sides, sight, given, scale);
  return terms && { ...sight, ...sides, ...each, ...terms, scale: sight.scale * scale, disentangled: true };
}

/**
 * Products by distance of scores that have them, or whose mask leaves out queries as well as keys, which are one where there is a single token; undefined
 * where there is more to them.
 */
function disentangled({ picked, term }: Scores, sides: Sides, sight: Sight, shape: readonly number[], scale: number): Terms | undefined {
  if (sight.is_causal || sight.window !== undefined || (sight.mask && !sight.blinds && shape[2] > 1)) return undefined;
  if (!picked) return {};
  const own = sightOf({ factor: picked.factor, term, shape });
  const alike = own && own.mask === sight.mask && own.blinds === sight.blinds && !own.is_causal && own.window === undefined;
  return alike ? termsOf(picked.those, sides, shape, (sight.scale * scale) / own.scale) : undefined;
}

const attributesOf = ({ q: _q, k: _k, bias, pos_key, pos_query, mask, ...attributes }: Attending) => ({
  ...attributes,
  bias: bias !== undefined,
  pos_key: pos_key !== undefined,
  pos_query: pos_query !== undefined,
  mask: mask !== undefined,
});

/** softmax of scores: the probabilities of attention. */
const weights: Rule = (node) => {
  const { operands, shape, dtype, attributes } = node;
  if (attributes.dim !== shape.length - 1) return undefined;
  const four = shape.length === 3 ? shapeOf(fourOf(operands[0]), shape) : shape;
  const scores = attending(reshape(operands[0], four));
  if (!scores) return undefined;
  const { q, k, bias, pos_key, pos_query, mask } = scores;
  const operands_ = [q, k, bias, pos_key, pos_query, mask].filter((each) => each !== undefined);
  return reshape(made('attention_weights', dtype, four, operands_, attributesOf(scores)), shape);
};

/** What queries of scores are a copy of, where batch and heads are one dimension. */
const fourOf = (scores: Node): Node => {
  let at = uncast(scores);
  for (let depth = 0; depth < DEEPEST && at.kind === 'made' && at.op !== 'matmul'; depth++)
    at = uncast(at.operands.find(({ known }) => !known) ?? at.operands[0]);
  return at.kind === 'made' ? at.operands[0] : at;
};

/** Probabilities times values. */
const attention: Rule = ({ operands: [a, b], shape, dtype }) => {
  const p = uncast(a);
  const found = madeBy(p.kind === 'view' && isWhole(p, p.shape) ? p.base : p, 'attention_weights');
  if (!found || p.shape.at(-1) !== b.shape.at(-2)) return undefined;
  const [batch, heads, queries, keys] = found.shape;
  const values = unrepeated(reshape(b, [batch, heads, keys, b.shape.at(-1) as number]));
  const [q, k] = found.operands;
  const v = alongside(q, rowsOf(values));
  if (values.shape[1] !== found.attributes.key_heads || `${v.shape}` !== `${k.shape}`) return undefined;
  const rows = made('attention', dtype, [batch, queries, q.shape[2]], [q, k, v, ...found.operands.slice(2)], found.attributes);
  return reshape(headsOf(rows, heads), shape);
};

/** Rules for attention, by the op that stands last. */
export const ATTENTION_RULES: Rules = { softmax: [weights], matmul: [attention] };
