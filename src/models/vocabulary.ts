import { normal } from '../base/random.ts';
import type { Embedding } from '../nn/layers.ts';
import type { AnyModule } from '../nn/module.ts';
import { transposedOf } from '../tensor/derived.ts';
import { allocate } from '../tensor/elements.ts';
import { type Initialiser, Parameter } from '../tensor/parameter.ts';
import { sizeOf } from '../tensor/tensor.ts';
import type { PreTrainedModel } from './pretrained.ts';

/** Where a part or a parameter is. */
export interface Held<T> {
  path: string;
  value: T;
  /** Puts another in its place. */
  put(value: T): void;
}

function heldAt<T>(model: AnyModule, path: string): Held<T> | undefined {
  const dot = path.lastIndexOf('.');
  const holder = new Map(model.named_modules()).get(path.slice(0, Math.max(dot, 0)));
  const field = path.slice(dot + 1);
  const value = (holder as unknown as Record<string, T> | undefined)?.[field];
  return value ? { path, value, put: (other) => Object.assign(holder as object, { [field]: other }) } : undefined;
}

/** The embeddings of the words, in a base model or in a class with a head. */
export function wordsOf(model: PreTrainedModel): Held<Embedding> {
  const { prefix, vocabulary } = model.family;
  return (heldAt(model, `${prefix}.${vocabulary.words}`) ?? heldAt(model, vocabulary.words)) as Held<Embedding>;
}

/** The embeddings that a configuration gives a model beside those. */
export function moreWordsOf(model: PreTrainedModel): Held<Embedding>[] {
  const { prefix, vocabulary } = model.family;
  const held = (vocabulary.more ?? []).map((path) => heldAt<Embedding>(model, `${prefix}.${path}`) ?? heldAt<Embedding>(model, path));
  return held.filter((each) => each !== undefined);
}

/** What gives each word a score, where the class does. */
export const decoderOf = <T extends AnyModule>(model: PreTrainedModel): T | undefined =>
  heldAt<T>(model, model.family.vocabulary.decoder)?.value;

/** Makes one of parameters that are tied, or where the torchscript flag unties them, lets them start alike; those that are not there yet wait. */
export function tieWeights(model: PreTrainedModel): void {
  for (const [follower, leader] of model.tied()) {
    const [to, from] = [follower, leader].map((path) => heldAt<Parameter>(model, path));
    if (!to || !from) continue;
    if (model.config.torchscript) to.value.initialise = (values) => values.set(from.value.elements);
    else to.put(from.value);
  }
}

/** Gives what is tied at `path` a parameter of its own, and answers it. */
export function untie(model: PreTrainedModel, path: string): Parameter {
  const held = heldAt<Parameter>(model, path) as Held<Parameter>;
  const own = new Parameter(held.value.shape, () => {});
  held.put(own);
  return own;
}

/** What rows that are added hold. */
export interface Filling {
  /** The mean of the rows that there are, or what a fresh model of that size has. */
  mean: boolean;
  seed: number;
}

/** Gives a model `rows` words: its embeddings, its decoder with its bias, and its configuration. Throws before it changes anything. */
export function resizeVocabulary(model: PreTrainedModel, rows: number, { mean, seed }: Filling): void {
  const words = wordsOf(model);
  const { weight } = words.value;
  if (weight.shape[0] === rows) return;
  const config = model.config.withFields({ vocab_size: rows }, `${model.constructor.name}.resize_token_embeddings(${rows})`);
  const fresh = (path: string, old: Parameter): Initialiser =>
    mean ? (values) => fillWithMean(values, old) : (values) => normal(values, config.initializer_range, seed, path);
  const { decoder: at, bias: biasAt, columns: columnsAt } = model.family.vocabulary;
  const [decoder, bias, columns] = [`${at}.weight`, biasAt, columnsAt && `${columnsAt}.weight`].map((path) =>
    path === undefined ? undefined : heldAt<Parameter>(model, path),
  );
  const tied = model.tied().length > 0;

  const embeddings = resized(weight, rows, fresh(`${words.path}.weight`, weight));
  const follow: Initialiser = (values) => values.set(embeddings.elements);
  const scores =
    decoder?.value === weight ? embeddings : decoder && resized(decoder.value, rows, tied ? follow : fresh(decoder.path, decoder.value));
  const more = moreWordsOf(model).map(({ path, value }) => ({
    value,
    rows: resized(value.weight, rows, fresh(`${path}.weight`, value.weight)),
  }));
  const turned = columns && resized(turn(columns.value), rows, fresh(columns.path, turn(columns.value)));
  const zeros: Initialiser = () => {};
  const biases = bias && resized(bias.value, rows, mean && !tied ? fresh(bias.path, bias.value) : zeros);

  for (const each of [{ value: words.value, rows: embeddings }, ...more]) {
    each.value.weight = each.rows;
    if ((each.value.padding_idx ?? 0) >= rows) each.value.padding_idx = null;
  }
  if (scores) decoder?.put(scores);
  if (biases) bias?.put(biases);
  if (turned) columns?.put(turn(turned));
  const before = model.config;
  for (const [, module] of model.named_modules()) if ((module as { config?: unknown }).config === before) Object.assign(module, { config });
}

/** A parameter of its own with rows for columns. */
function turn(old: Parameter): Parameter {
  const { shape, elements, storedAs } = transposedOf(old);
  const made = new Parameter(shape, () => {});
  made.adopt(elements.slice(), storedAs);
  return made;
}

/** `old` with so many rows: its own, as far as there is room, and behind them those that `fill` makes. */
function resized(old: Parameter, rows: number, fill: Initialiser): Parameter {
  const [before, ...row] = old.shape;
  const shape = [rows, ...row];
  const values = allocate('float32', sizeOf(shape));
  if (rows > before) fill(values);
  values.set(old.elements.subarray(0, Math.min(before, rows) * sizeOf(row)));
  const made = new Parameter(shape, () => {});
  made.adopt(values);
  if (old.storedAs !== 'float32') made.store(old.storedAs);
  return made;
}

/** Makes each row behind those of `old` the mean of these, summed in double precision in their order. */
function fillWithMean(values: Float32Array, { shape: [rows, ...row], elements }: Parameter): void {
  const width = sizeOf(row);
  const sums = new Float64Array(width);
  for (let i = 0; i < elements.length; i++) sums[i % width] += elements[i];
  const mean = Float32Array.from(sums, (sum) => sum / rows);
  for (let at = elements.length; at < values.length; at += width) values.set(mean, at);
}
