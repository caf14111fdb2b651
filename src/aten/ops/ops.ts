import type { OpTable } from '../schema.ts';
import { CREATION_OPS } from './creation.ts';
import { ELEMENT_OPS } from './elements.ts';
import { GATHERING_OPS } from './gathering.ts';
import { LAYER_OPS } from './layers.ts';
import { PRODUCT_OPS } from './products.ts';
import { REDUCTION_OPS } from './reductions.ts';
import { VIEW_OPS } from './views.ts';

/** All ops that programs may call, by the names and schemas that PyTorch has for them. */
export const OPS: OpTable = {
  ...VIEW_OPS,
  ...ELEMENT_OPS,
  ...CREATION_OPS,
  ...PRODUCT_OPS,
  ...REDUCTION_OPS,
  ...GATHERING_OPS,
  ...LAYER_OPS,
};
