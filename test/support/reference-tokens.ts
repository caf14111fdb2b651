import { MATRICES } from './cases.ts';
import type { Definition } from './reference.ts';

const exact = () => 0;

export const TOKEN_REFERENCE = {
  masked: {
    cases: MATRICES.map(([rows, cols]) => ({
      shapes: { x: [rows, cols], mask: [rows] },
      lengths: [rows],
      mask: (r: number) => Number(r % 3 !== 1),
    })),
    of: ({ x, mask }, { cols }) => ({ values: Array.from(x, (value, i) => (mask[Math.floor(i / cols)] === 0 ? 0 : value)) }),
    tolerance: exact,
  },
} satisfies Record<string, Definition>;
