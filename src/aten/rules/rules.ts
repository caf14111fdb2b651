import type { Node } from '../node.ts';
import { ACTIVATION_RULES } from './activations.ts';
import { ATTENTION_RULES } from './attention.ts';
import { LINEAR_RULES } from './linear.ts';
import { MASK_RULES } from './masks.ts';
import { NORM_RULES } from './norms.ts';
import { POOLING_RULES } from './pooling.ts';
import { ROTARY_RULES } from './rotary.ts';
import type { Rule } from './rule.ts';

/** All rules by the op that they look at, the largest patterns first. */
const RULES = new Map<string, Rule[]>();
for (const rules of [ATTENTION_RULES, ROTARY_RULES, POOLING_RULES, NORM_RULES, ACTIVATION_RULES, LINEAR_RULES, MASK_RULES])
  for (const [op, those] of Object.entries(rules)) RULES.set(op, [...(RULES.get(op) ?? []), ...those]);

/** `node` in the op that says most of it: attention for the product that ends it, a norm for the sum that ends that. */
export function simplified(node: Node): Node {
  if (node.kind !== 'made') return node;
  for (const rule of RULES.get(node.op) ?? []) {
    const found = rule(node);
    if (found) return found;
  }
  return node;
}
