/** Exit statuses, as `tracelet --help` documents them. */
export const STATUS = {
  ok: 0,
  unverified: 1,
  usage: 2,
  input: 3,
  bug: 70,
  SIGINT: 130,
  SIGTERM: 143,
} as const;
