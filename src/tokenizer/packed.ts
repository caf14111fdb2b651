/** Reads one number a call from printable ASCII, -1 at the end: base 44, digits before the last raised by 44. */
export function numbers(text: string): () => number {
  let at = 0;
  return () => {
    if (at === text.length) return -1;
    let value = 0;
    for (;;) {
      const unit = text.charCodeAt(at++);
      const digit = unit - 37 - (unit > 39 ? 1 : 0) - (unit > 92 ? 1 : 0);
      value = value * 44 + (digit % 44);
      if (digit < 44) return value;
    }
  };
}

const signed = (zigzag: number): number => (zigzag % 2 ? -(zigzag + 1) / 2 : zigzag / 2);

/** What each code point goes to, from runs of (gap, length, step, distance). */
export function mappings(text: string): Map<number, number> {
  const found = new Map<number, number>();
  const next = numbers(text);
  for (let code = 0, gap = next(); gap >= 0; gap = next()) {
    code += gap;
    const count = next();
    const step = next();
    const distance = signed(next());
    for (const end = code + count * step; code < end; code += step) found.set(code, code + distance);
  }
  return found;
}

/** The several code points that each goes to, from (gap, length, distances from one to the next). */
export function longMappings(text: string): Map<number, number[]> {
  const found = new Map<number, number[]>();
  const next = numbers(text);
  for (let code = 0, gap = next(); gap >= 0; gap = next()) {
    code += gap;
    let part = code;
    const parts = Array.from({ length: next() }, () => {
      part += signed(next());
      return part;
    });
    found.set(code, parts);
  }
  return found;
}
