/*
 * Words by which threads share work and wait for each other, each on a cache line of its own: src/runtime/threads/control.ts draws them. Only
 * these are known here.
 */
const PHASE: usize = 64;
const ARRIVED: usize = 128;
const CLAIMED: usize = 384;

/** Says that this thread has come to the barrier, and opens it as the last of `total`. Answers the phase that ends when all have come. */
export function arrive(total: i32): i32 {
  const phase = atomic.load<i32>(PHASE);
  if (atomic.add<i32>(ARRIVED, 1) + 1 == total) {
    atomic.store<i32>(ARRIVED, 0);
    atomic.store<i32>(CLAIMED, 0);
    signal(PHASE);
  }
  return phase;
}

/** Which part of the work between two barriers this thread does next: 0, 1, … until there are no more. */
export function claim(): i32 {
  return atomic.add<i32>(CLAIMED, 1);
}

/** Counts the word at p up and wakes who waits for that. */
export function signal(p: usize): void {
  atomic.add<i32>(p, 1);
  atomic.notify(p, -1);
}

/**
 * Waits until the word at p is no longer `old`: looks at it `spins` times, then sleeps for at most so many milliseconds (0 where a thread
 * must not sleep). Answers what it is.
 */
export function changed(p: usize, old: i32, spins: i32, milliseconds: i32): i32 {
  for (; spins > 0; spins--) {
    const now = atomic.load<i32>(p);
    if (now != old) return now;
  }
  if (milliseconds > 0) atomic.wait<i32>(p, old, <i64>milliseconds * 1000000);
  return atomic.load<i32>(p);
}
