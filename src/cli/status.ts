/** Exit statuses, as `tracelet --help` documents them. */
export const STATUS = {
  ok: 0,
  /** What was to be checked does not hold. */
  no: 1,
  /** Whatever the files hold. */
  usage: 2,
  /** Because of what the files hold, or where they are. */
  input: 3,
  bug: 70,
  SIGINT: 130,
  SIGTERM: 143,
} as const;
