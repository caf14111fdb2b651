import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { warn } from '../base/warn.ts';
import { lastName } from './modules.ts';

/** Activations of PyTorch that scores may have, by what follows the last dot, as ops; of scores that lie side by side for softmax. */
export const SCORE_ACTIVATIONS: Readonly<Record<string, string | undefined>> = {
  Identity: undefined,
  Sigmoid: 'sigmoid',
  Softmax: 'softmax',
  Tanh: 'tanh',
  ReLU: 'relu',
  SiLU: 'silu',
};

/** What scores have where nothing is said, or what is said is no module of PyTorch, for which sentence-transformers takes it as well. */
const usual = (labels: number): string => (labels === 1 ? 'Sigmoid' : 'Identity');

/** The activation that a dotted name stands for, one of {@link SCORE_ACTIVATIONS}. Throws a `config` error for others of PyTorch. */
export function scoreActivation(name: string | null, labels: number): string {
  if (name === null) return usual(labels);
  if (!name.startsWith('torch.')) {
    warn(`the activation ${describe(name)} of scores is none of PyTorch: ${usual(labels)} stands for it, as in sentence-transformers`);
    return usual(labels);
  }
  const last = lastName(name);
  if (Object.hasOwn(SCORE_ACTIVATIONS, last)) return last;
  throw new TraceletError('config', {
    what: 'activation_fn of the folder',
    expected: `one of torch.nn ${Object.keys(SCORE_ACTIVATIONS).join(', ')}`,
    got: describe(name),
    cure: 'Pass activation_fn to predict() in its place',
  });
}
