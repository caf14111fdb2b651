import { TraceletError } from '../base/error.ts';
import type { Checkpoint } from '../formats/checkpoint.ts';
import { DERIVATIONS } from '../tensor/derived.ts';
import type { Half } from '../tensor/half.ts';
import { Parameter } from '../tensor/parameter.ts';
import { type Shape, sameShape, sizeOf, type Tensor } from '../tensor/tensor.ts';
import type { Family } from './family.ts';
import { give, joinParts, type PartOf, partsOf, type Rows, rowsInWords, takePart, wholesOf } from './fused.ts';
import type { PreTrainedModel } from './pretrained.ts';

/** How a checkpoint holds a parameter. */
export interface Holding {
  /** The tensors that it is read from. */
  stored: readonly string[];
  /** Those that it would take beside them. */
  missing: readonly string[];
  /** Gives the parameter its values. Throws `checkpoint` errors for tensors of another shape or dtype. */
  give(): void;
}

/** Names of all tensors of a checkpoint. */
export const namesOf = ({ tensors, foreign }: Checkpoint): string[] => [...tensors.keys(), ...(foreign?.keys() ?? [])];

/** What is known of a tensor before its values are looked at. */
export const outlineOf = ({ tensors, foreign }: Checkpoint, name: string): { dtype: string; shape: Shape } | undefined =>
  tensors.get(name) ?? foreign?.get(name);

/** What names of tensors begin with where a model was saved as a part of something else. */
const WRAPPERS = /^(?:(?:module|model|_orig_mod)\.)+/;

/** What a family calls a tensor, whatever it was saved within. */
export const canonical =
  ({ rename }: Family): Family['rename'] =>
  (name) =>
    rename(name.replace(WRAPPERS, ''));

/** The bias that lies in what scores words, which prevails over the one beside it where a checkpoint has both. */
export const decoderBias = ({ family }: PreTrainedModel, checkpoint: Checkpoint): string | undefined =>
  namesOf(checkpoint).find((name) => name.replace(WRAPPERS, '') === `${family.vocabulary.decoder}.bias`);

/** Finds how a checkpoint holds parameters of a model, if it does: each under its name or another of the family, as a part, or in parts. */
export function holder(model: PreTrainedModel, checkpoint: Checkpoint): (name: string, parameter: Parameter) => Holding | undefined {
  const plain = canonical(model.family);
  const spellings = new Map(namesOf(checkpoint).map((spelling) => [plain(spelling), spelling]));
  const parameters = new Map([...model.state_dict()].map(([name, parameter]) => [plain(name), parameter]));
  const { fused, vocabulary, stead = {} } = model.family;
  const find = (name: string): string | undefined => {
    if (outlineOf(checkpoint, name)) return name;
    const known = plain(name);
    return [known, ...(stead[known] ?? [])].map((each) => spellings.get(each)).find((stored) => stored !== undefined);
  };
  const groupsOf = (field: string | undefined): number =>
    field === undefined ? 1 : (model.config as unknown as Readonly<Record<string, number>>)[field];

  const asOne = (stored: string, parameter: Parameter): Holding => ({
    stored: [stored],
    missing: [],
    give: () => assign(parameter, fitting(checkpoint, stored, parameter.shape), checkpoint),
  });

  const asPart = ({ whole, parts, part, groups }: PartOf, name: string, parameter: Parameter): Holding | undefined => {
    const stored = find(whole);
    const counts = parts.map((other) => parameters.get(plain(other))?.shape[0]);
    if (stored === undefined || counts.includes(undefined)) return undefined;
    const rows: Rows = { counts: counts as number[], groups: groupsOf(groups) };
    const shape = [rows.counts.reduce((all, count) => all + count, 0), ...parameter.shape.slice(1)];
    const give = () => {
      const tensor = fitting(checkpoint, stored, shape, `, ${rowsInWords(rows, part)} of it being ${name}`);
      takePart(parameter, tensor, rows, part, storedAs([tensor], checkpoint));
    };
    return { stored: [stored], missing: [], give };
  };

  const inParts = ({ parts, groups: field }: Omit<PartOf, 'part'>, name: string, parameter: Parameter): Holding | undefined => {
    const found = parts.map(find);
    const stored = found.filter((each) => each !== undefined);
    if (stored.length === 0) return undefined;
    const give = () => {
      const groups = groupsOf(field);
      checkParts(checkpoint, stored, name, parameter.shape, groups);
      const tensors = stored.map((each) => fitting(checkpoint, each, outlineOf(checkpoint, each)?.shape as Shape));
      joinParts(parameter, tensors, groups, storedAs(tensors, checkpoint));
    };
    return { stored, missing: parts.filter((_, i) => found[i] === undefined), give };
  };

  const asDerived = (name: string, parameter: Parameter): Holding | undefined =>
    first(DERIVATIONS, ({ suffixOf, restore }) => {
      const stored: string[] = [];
      for (let i = 0; ; i++) {
        const found = suffixOf(i) && find(`${name}.${suffixOf(i)}`);
        if (!found) break;
        stored.push(found);
      }
      if (stored.length === 0) return undefined;
      const restored = () => {
        const { shape } = parameter;
        const shapes = stored.map((each) => outlineOf(checkpoint, each)?.shape ?? []);
        if (shapes.reduce((all, each) => all + sizeOf(each), 0) !== sizeOf(shape))
          throw partsOfAnother(checkpoint, stored, name, shape, shapes);
        const tensors = stored.map((each, i) => fitting(checkpoint, each, shapes[i]));
        const values = () => tensors.map(({ elements }) => elements as Float32Array);
        give(parameter, (into) => restore(into, values(), shape), tensors, storedAs(tensors, checkpoint));
      };
      return { stored, missing: [], give: restored };
    });

  const first = <T>(places: readonly T[], hold: (place: T) => Holding | undefined): Holding | undefined => {
    for (const place of places) {
      const holding = hold(place);
      if (holding) return holding;
    }
    return undefined;
  };

  return (name, parameter) => {
    const own = (name === vocabulary.bias ? decoderBias(model, checkpoint) : undefined) ?? find(name);
    if (own !== undefined) return asOne(own, parameter);
    return (
      first(wholesOf(plain(name), fused), (place) => asPart(place, name, parameter)) ??
      first(partsOf(plain(name), fused), (place) => inParts(place, name, parameter)) ??
      asDerived(name, parameter)
    );
  };
}

/** Weights that are made on first use, as quantised ones are, still are then. */
function assign(parameter: Parameter, tensor: Tensor, { halves }: Checkpoint): void {
  if (tensor instanceof Parameter) parameter.initialise = tensor.initialise;
  else parameter.adopt(tensor.elements as Float32Array, halves?.get(tensor));
}

/** The 16-bit dtype in which all of these came, if they came in one. */
function storedAs(from: readonly Tensor[], { halves }: Checkpoint): Half | undefined {
  const [dtype, ...others] = new Set(from.map((tensor) => halves?.get(tensor)));
  return others.length === 0 ? dtype : undefined;
}

const CURE = 'Does the config belong to this checkpoint?';

/** Whether it is the shape that a trace gives a weight of that shape: what is multiplied with lies there as a matrix. */
const isMatrixOf = (matrix: Shape, [rows, ...row]: Shape): boolean => row.length > 1 && sameShape(matrix, [rows, sizeOf(row)]);

/** The tensor of a checkpoint, proved to be floats of that shape; `note` is said behind the shape. */
function fitting(checkpoint: Checkpoint, name: string, shape: Shape, note = ''): Tensor {
  const tensor = checkpoint.tensors.get(name);
  const what = `${name} in ${checkpoint.name}`;
  const outline = outlineOf(checkpoint, name);
  if (!outline || !(sameShape(outline.shape, shape) || isMatrixOf(outline.shape, shape)))
    throw new TraceletError('checkpoint', { what, expected: `shape [${shape}]${note}`, got: `[${outline?.shape}]`, cure: CURE });
  if (tensor?.dtype === 'float32') return tensor;
  throw new TraceletError('checkpoint', {
    what,
    expected: 'floating-point numbers of 16, 32 or 64 bits',
    got: outline.dtype,
    cure: 'Save the model once more in float32, float16 or bfloat16',
  });
}

/** That the tensors `stored` have as many rows together as the parameter `name`, and rows as long. */
function checkParts(checkpoint: Checkpoint, stored: readonly string[], name: string, shape: Shape, groups: number): void {
  const shapes = stored.map((each) => outlineOf(checkpoint, each)?.shape ?? []);
  const rows = shapes.reduce((all, [count]) => all + count, 0);
  if (rows === shape[0] && shapes.every(([count, ...row]) => count % groups === 0 && sameShape(row, shape.slice(1)))) return;
  throw partsOfAnother(checkpoint, stored, name, shape, shapes, groups > 1 ? `, in ${groups} groups` : '');
}

const partsOfAnother = (
  checkpoint: Checkpoint,
  stored: readonly string[],
  name: string,
  shape: Shape,
  shapes: readonly Shape[],
  note = '',
): TraceletError =>
  new TraceletError('checkpoint', {
    what: `${stored.join(', ')} in ${checkpoint.name}, the parts of ${name}`,
    expected: `shape [${shape}] together${note}`,
    got: shapes.map((each) => `[${each}]`).join(', '),
    cure: CURE,
  });
