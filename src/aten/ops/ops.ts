import type { OpTable } from '../schema.ts';
import { ACTIVATION_OPS } from './activations.ts';
import { BAG_OPS } from './bags.ts';
import { CREATION_OPS } from './creation.ts';
import { DIAGONAL_OPS } from './diagonals.ts';
import { ELEMENT_OPS } from './elements.ts';
import { FAST_PATH_OPS } from './fastpaths.ts';
import { FORMULA_OPS } from './formulas.ts';
import { GATHERING_OPS } from './gathering.ts';
import { JOINING_OPS } from './joining.ts';
import { LAYER_OPS } from './layers.ts';
import { LOSS_OPS } from './losses.ts';
import { MULTIPLYING_OPS } from './multiplying.ts';
import { NORM_OPS } from './norms.ts';
import { ORDERING_OPS } from './ordering.ts';
import { PRODUCT_OPS } from './products.ts';
import { REDUCTION_OPS } from './reductions.ts';
import { SCATTERING_OPS } from './scattering.ts';
import { SEARCHING_OPS } from './searching.ts';
import { VIEW_OPS } from './views.ts';
import { WHOLE_OPS } from './wholes.ts';
import { WINDOW_OPS } from './windows.ts';

/** All ops that programs may call, by the names and schemas that PyTorch has for them. */
export const OPS: OpTable = {
  ...VIEW_OPS,
  ...ELEMENT_OPS,
  ...ACTIVATION_OPS,
  ...FORMULA_OPS,
  ...CREATION_OPS,
  ...PRODUCT_OPS,
  ...REDUCTION_OPS,
  ...GATHERING_OPS,
  ...JOINING_OPS,
  ...ORDERING_OPS,
  ...LAYER_OPS,
  ...NORM_OPS,
  ...FAST_PATH_OPS,
  ...BAG_OPS,
  ...WHOLE_OPS,
  ...LOSS_OPS,
  ...SEARCHING_OPS,
  ...MULTIPLYING_OPS,
  ...DIAGONAL_OPS,
  ...WINDOW_OPS,
  ...SCATTERING_OPS,
};
