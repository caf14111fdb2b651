import { TraceletError } from '../base/error.ts';

/** That nothing follows the options of `what`. */
export function refuseMore(what: string, others: readonly unknown[], example: string): void {
  if (others.length === 0) return;
  const problem = {
    expected: 'its options in one object',
    got: `${others.length} more arguments`,
    cure: `Give them by name, as ${example}`,
  };
  throw new TraceletError('value', { what, ...problem });
}
