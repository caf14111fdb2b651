/** Whether all parts are known, or those of BERT alone, and what loads the others where something does. */
export const known: { all: boolean; load?: () => Promise<unknown> } = { all: false };
