/** Edge workers stop their clock while they compute. */
const MOST_CALLS = 10_000;

/** Calls `act` until `ms` milliseconds have passed, at least `fewest` times. */
export function repeat(ms: number, act: () => void, fewest = 0): void {
  const start = performance.now();
  for (let calls = 0; calls < fewest || (calls < MOST_CALLS && performance.now() - start < ms); calls++) act();
}
