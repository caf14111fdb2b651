import type { Holder } from '../traced/holder.ts';

/** What is served: one thing, or several by the names that requests give. */
export type Models = Holder | Readonly<Record<string, Holder>>;
