/*
 * A weight is read once a call and most weights are in no cache by then. Processors fetch ahead by themselves only while a page is read
 * front to back, and stall at the beginning of each: so while a product works on one window of eight pages it reads the next one,
 * a line of each page at a time, at the pace at which it advances. The eight pages then begin together and are waited for once.
 */
const PAGE: usize = 4096;
const LINE: usize = 64;
const WINDOW: usize = 8 * PAGE;

/** Bytes of a panel as it is stored for each of which, and for each row tile, one group of lines is fetched. */
const PACE: usize = 8 * LINE;

let window: usize = 0;
let line: usize = 0;
let last: usize = 0;

/**
 * Aims at `size` bytes of panels, each of which `tiles` row tiles will read, stored in half of their bytes where `shift` is 1. Answers
 * after how many bytes of a panel to fetch.
 */
export function aim(panels: usize, size: usize, tiles: i32, shift: i32): usize {
  window = ((panels + PAGE - 1) & ~(PAGE - 1)) + WINDOW;
  line = 0;
  last = panels + size;
  return window + WINDOW > last ? usize.MAX_VALUE : (PACE * <usize>tiles) << shift;
}

/** Reads the next line of each page of the window, unless less than a window is left. The loads may trap, so no engine drops them. */
export function fetch(): void {
  if (window + WINDOW > last) return;
  const at = window + line;
  load<i32>(at);
  load<i32>(at, 4096);
  load<i32>(at, 8192);
  load<i32>(at, 12288);
  load<i32>(at, 16384);
  load<i32>(at, 20480);
  load<i32>(at, 24576);
  load<i32>(at, 28672);
  line += LINE;
  if (line == PAGE) {
    line = 0;
    window += WINDOW;
  }
}
