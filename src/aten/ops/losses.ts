import { TraceletError } from '../../base/error.ts';
import { isFloating } from '../dtypes.ts';
import { reshape, squeeze, unsqueeze } from '../moves.ts';
import { made, type Node } from '../node.ts';
import { castTo, chosenBy, FUNCTIONS, number } from '../pointwise.ts';
import { simplified } from '../rules/rules.ts';
import type { OpTable } from '../schema.ts';
import { embedding, gather } from './gathering.ts';
import { reduced } from './reductions.ts';

/** How far answers are from what was wanted. */

const { add, sub, mul, div, exp, log, abs, maximum, lt, ne } = FUNCTIONS;

const NONE = 0;
const MEAN = 1;

/** The numbers that PyTorch has for none, mean and sum. */
const reducedBy = (loss: Node, reduction: number): Node =>
  reduction === NONE ? loss : reduced(reduction === MEAN ? 'mean' : 'sum', loss, null, false);

const distance = (of: (apart: Node) => Node) => (self: Node, target: Node, reduction: number) =>
  reducedBy(of(sub(self, target)), reduction);

/** A square near 0, a line further away. */
const smooth = (apart: Node, beta: number): Node => chosenBy(lt(apart, beta), mul(mul(apart, apart), 0.5 / beta), sub(apart, 0.5 * beta));

function binary(self: Node, target: Node, weight: Node | null, positive: Node | null, reduction: number): Node {
  if (positive) throw new TraceletError('op', { what: 'binary_cross_entropy_with_logits', expected: 'no pos_weight', got: 'one' });
  const loss = add(sub(maximum(self, 0), mul(self, target)), log(add(exp(mul(abs(self), -1)), 1)));
  return reducedBy(weight ? mul(loss, weight) : loss, reduction);
}

function ofProbabilities(self: Node, target: Node, weight: Node | null, reduction: number): Node {
  const logOf = (x: Node): Node => maximum(log(x), -100);
  const loss = mul(add(mul(target, logOf(self)), mul(sub(1, target), logOf(sub(1, self)))), -1);
  return reducedBy(weight ? mul(loss, weight) : loss, reduction);
}

/** -log p of the class that is wanted, 0 where that is `ignored`. The mean is over the others, each as much as its class weighs. */
function negative(logs: Node, target: Node, weight: Node | null, reduction: number, ignored: number): Node {
  if (isFloating(target.dtype))
    throw new TraceletError('op', { what: 'cross_entropy', expected: 'classes as whole numbers', got: target.dtype });
  const dim = logs.shape.length > 1 ? 1 : 0;
  const kept = ne(target, ignored);
  const classes = castTo(mul(target, kept), 'int64');
  const its = squeeze(gather(logs, dim, unsqueeze(classes, dim)), [dim]);
  const share = weight ? mul(reshape(embedding(unsqueeze(weight, 1), classes), classes.shape), kept) : castTo(kept, 'float32');
  const loss = mul(chosenBy(kept, its, number(0)), mul(share, -1));
  return reduction === MEAN ? div(reduced('sum', loss, null, false), reduced('sum', share, null, false)) : reducedBy(loss, reduction);
}

function crossEntropy(self: Node, target: Node, weight: Node | null, reduction: number, ignored: number, smoothing: number): Node {
  if (smoothing !== 0) throw new TraceletError('op', { what: 'cross_entropy', expected: 'label_smoothing 0', got: `${smoothing}` });
  const dim = self.shape.length > 1 ? 1 : 0;
  return negative(simplified(made('log_softmax', self.dtype, self.shape, [self], { dim })), target, weight, reduction, ignored);
}

const divergence = (self: Node, target: Node, reduction: number, logs: boolean): Node => {
  const entropy = logs ? mul(exp(target), target) : chosenBy(ne(target, 0), mul(target, log(maximum(target, TINY))), number(0));
  return reducedBy(sub(entropy, mul(logs ? exp(target) : target, self)), reduction);
};

const TINY = 2 ** -126;
const PAIR = 'Tensor self, Tensor target';
const WAY = 'int reduction=1';

/** How far answers are from what was wanted. */
export const LOSS_OPS: OpTable = {
  mse_loss: [[`${PAIR}, ${WAY}`, distance((apart) => mul(apart, apart))]],
  l1_loss: [[`${PAIR}, ${WAY}`, distance(abs)]],
  smooth_l1_loss: [
    [
      `${PAIR}, ${WAY}, float beta=1`,
      (self: Node, target: Node, reduction: number, beta: number) =>
        distance((apart) => (beta > 0 ? smooth(abs(apart), beta) : abs(apart)))(self, target, reduction),
    ],
  ],
  huber_loss: [
    [
      `${PAIR}, ${WAY}, float delta=1`,
      (self: Node, target: Node, reduction: number, delta: number) =>
        distance((apart) => mul(smooth(abs(apart), delta), delta))(self, target, reduction),
    ],
  ],
  binary_cross_entropy: [[`${PAIR}, Tensor? weight=None, ${WAY}`, ofProbabilities]],
  binary_cross_entropy_with_logits: [[`${PAIR}, Tensor? weight=None, Tensor? pos_weight=None, ${WAY}`, binary]],
  nll_loss: [[`${PAIR}, Tensor? weight=None, ${WAY}, int ignore_index=-100`, negative]],
  nll_loss_nd: [[`${PAIR}, Tensor? weight=None, ${WAY}, int ignore_index=-100`, negative]],
  cross_entropy_loss: [[`${PAIR}, Tensor? weight=None, ${WAY}, int ignore_index=-100, float label_smoothing=0`, crossEntropy]],
  kl_div: [[`${PAIR}, ${WAY}, *, bool log_target=False`, divergence]],
};
