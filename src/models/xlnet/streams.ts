import { TraceletError } from '../../base/error.ts';
import * as F from '../../nn/functional.ts';
import type { Shape, Tensor } from '../../tensor/tensor.ts';
import type { Given } from '../heads.ts';
import type { XLNetConfig } from './config.ts';

/** Keys that are more than the tokens of a text, or that some of its queries do not see: all scores are there at once, [batch, heads, sequence, keys]. */

/** Inputs by which each query has keys of its own. */
export const STREAM_INPUTS = ['mems', 'perm_mask', 'target_mapping'] as const;

/** What the queries of a text see. */
export interface Streams {
  /** How far each query stands behind each key, from furthest to nearest: [1, keys + sequence], less so many as `keys`. */
  offsets: Tensor;
  /** Which of the offsets each query has to each key: int32 [1, 1, sequence, keys]. */
  places: Tensor;
  /** 1 where a key is of another sort than its query: int32 [batch, 1, sequence, keys]. */
  others?: Tensor;
  /** 1 for keys that a query of content does not see, of one shape or repeated to [batch, 1, sequence, keys]. */
  hidden?: Tensor;
  /** The same of queries of place, which do not see their own token where others may not. */
  placed?: Tensor;
  /** Which tokens the second stream stands at, [batch, targets, sequence], and ones [batch, targets, 1]. */
  targets?: { mapping: Tensor; ones: Tensor };
}

/** A number [1, 1, 1] that no constant is, which a trace of size 1 would leave out. */
const lone = (input_ids: Tensor, value: 0 | 1): Tensor => F.slice(F.slice(F.filled(input_ids, value), 0, 0, 1), 1, 0, 1).reshape([1, 1, 1]);

/** Tensors that count, for any size of a trace. */
class Counts {
  readonly #one: Tensor;

  constructor(input_ids: Tensor) {
    this.#one = lone(input_ids, 1);
  }

  /** Ones of a shape of three dimensions. */
  ones(shape: Shape): Tensor {
    return F.expand(this.#one, shape);
  }

  /** 1 to `count` along dimension `dim` of three, the others of 1. */
  along(dim: number, count: number): Tensor {
    return F.cumsum(this.ones([1, 1, 1].with(dim, count)), dim);
  }

  /** A number of things. */
  of(count: number): Tensor | number {
    return count === 0 ? 0 : F.sum(this.ones([1, count, 1]));
  }
}

const either = (a: Tensor | undefined, b: Tensor | undefined): Tensor | undefined => (a && b ? F.logical_or(a, b) : (a ?? b));

function checkShape(given: Given, name: string, shape: readonly (number | undefined)[], as: string): void {
  const got = given[name]?.shape;
  if (got && !(got.length === shape.length && shape.every((size, dim) => size === undefined || size === got[dim])))
    throw new TraceletError('shape', { what: name, expected: as, got: `[${got}]` });
}

/** Proves that inputs of streams are of a text of `shape`. Throws `shape` errors. */
export function checkStreams(given: Given, [batch, sequence]: Shape, { n_layer, d_model }: XLNetConfig): void {
  checkShape(given, 'mems', [n_layer, undefined, batch, d_model], `[${n_layer}, length, ${batch}, ${d_model}], a memory of each layer`);
  checkShape(
    given,
    'perm_mask',
    [batch, sequence, sequence],
    `[${batch}, ${sequence}, ${sequence}], the keys that each query does not see`,
  );
  checkShape(given, 'target_mapping', [batch, undefined, sequence], `[${batch}, targets, ${sequence}], the token of each target`);
  checkShape(given, 'input_mask', [batch, sequence], `[${batch}, ${sequence}], as input_ids`);
}

/** 1 for tokens that are real, as attention_mask says or as the opposite of input_mask. Throws a `value` error where both are given. */
export function realTokens({ attention_mask, input_mask }: Given): Tensor | undefined {
  if (attention_mask && input_mask)
    throw new TraceletError('value', {
      what: 'XLNet: input_mask',
      expected: 'nothing beside an attention_mask, of which it is the opposite',
      got: 'a tensor',
      cure: 'Give one of them',
    });
  return input_mask ? F.eq(input_mask, 0) : attention_mask;
}

/** x [batch, rows, sequence] with `none` for `memory` keys in front: [batch, rows, keys]. */
const behind = (none: Tensor, memory: number, x: Tensor): Tensor =>
  memory === 0 ? x : F.cat([F.expand(none, [...x.shape.slice(0, 2), memory]), x], 2);

/** What queries of a text see of `memory` states and of its tokens, those that are `real` alone. */
export function streamsOf(input_ids: Tensor, memory: number, real: Tensor | undefined, given: Given, config: XLNetConfig): Streams {
  const [batch, sequence] = input_ids.shape;
  const keys = memory + sequence;
  const { perm_mask, token_type_ids: types, target_mapping: targets } = given;
  const [counts, none] = [new Counts(input_ids), lone(input_ids, 0)];
  const padding = real && F.eq(real, 0).reshape([batch, 1, sequence]);
  const masked = either(perm_mask && F.ne(perm_mask, 0), padding);
  const distances = F.sub(F.add(counts.along(1, sequence), counts.of(memory)), counts.along(2, keys));
  const ahead = config.attn_type === 'uni' ? beyond(distances, counts.of(memory), config) : undefined;
  const unseen = either(ahead, masked && behind(none, memory, masked));
  const byHead = (x: Tensor): Tensor => x.reshape([x.shape[0], 1, ...x.shape.slice(1)]);
  return {
    offsets: F.sub(counts.along(1, keys + sequence), F.add(counts.of(keys), 1)).reshape([1, keys + sequence]),
    places: byHead(F.sub(counts.of(keys), distances).to('int32')),
    others: types && byHead(F.ne(types.reshape([batch, sequence, 1]), behind(none, memory, types.reshape([batch, 1, sequence])))),
    hidden: unseen && byHead(F.logical_and(unseen, F.ne(distances, 0))),
    placed: unseen && byHead(unseen),
    targets: targets && { mapping: targets, ones: counts.ones([batch, targets.shape[1], 1]) },
  };
}

/** 1 for keys behind their query, and with `same_length` for those further in front of it than the memory is long. */
function beyond(distances: Tensor, memory: Tensor | number, { same_length }: XLNetConfig): Tensor {
  const later = F.lt(distances, 0);
  return same_length ? F.logical_or(later, F.gt(distances, memory)) : later;
}

/** What of a layer's hidden states [batch, sequence, d_model] and its memory [length, batch, d_model] is remembered. */
export function remembered(memory: Tensor | undefined, hidden: Tensor, { mem_len, reuse_len }: XLNetConfig): Tensor {
  const states = F.transpose(hidden, 0, 1);
  const kept = reuse_len ? F.slice(states, 0, 0, Math.min(reuse_len, states.shape[0])) : states;
  const all = memory ? F.cat([memory, kept], 0) : kept;
  const [length] = all.shape;
  return mem_len && mem_len < length ? F.slice(all, 0, length - mem_len, length) : all;
}
