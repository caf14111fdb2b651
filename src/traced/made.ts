/** All traces that were made: what tells them need not know what they do. */
export const TRACES = new WeakSet<object>();
