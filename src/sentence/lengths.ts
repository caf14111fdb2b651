/** How short queries are made longer. */
export interface QueryExpansion {
  /** Whether longer ones are cut to `length`, or stay as they are. */
  strategy: 'fixed' | 'min';
  length: number;
  /** Whether the other tokens look at those that are added. */
  attend: boolean;
  /** What is added; the token of masks unless said. */
  token: string | null;
}

/** Lengths of texts by their role, where a folder tells roles apart. */
export interface Lengths {
  query_length?: number;
  document_length?: number;
  query_expansion?: QueryExpansion;
}

/** Fields that only models which tell queries from documents have. */
export const LENGTHS = ['query_length', 'document_length', 'query_expansion'] as const;
