import { MATRICES, SEQUENCES, sequenceCases } from './cases.ts';
import { range } from './formulas.ts';
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
  neighbours: {
    cases: [1, 3, 5, 4].flatMap((kernel) =>
      sequenceCases((batch, longest, hidden) => ({ x: [batch, longest, hidden], places: [batch, longest] }), SEQUENCES).map(
        ({ attrs: _, ...each }) => ({ ...each, attrs: { kernel } }),
      ),
    ),
    of({ x, mask, starts, places }, { batch, longest, cols, kernel }) {
      const values: number[] = new Array(batch * longest * cols * kernel);
      for (const b of range(batch)) {
        const rows = range(starts[b + 1] - starts[b]).map((i) => starts[b] + i);
        for (const row of rows)
          for (const d of range(kernel)) {
            const from = rows.find((s) => places[s] - places[row] === d - Math.floor(kernel / 2) && mask?.[s] !== 0);
            for (const c of range(cols)) values[(row * cols + c) * kernel + d] = from === undefined ? 0 : x[from * cols + c];
          }
      }
      return { values };
    },
    tolerance: exact,
  },
} satisfies Record<string, Definition>;
