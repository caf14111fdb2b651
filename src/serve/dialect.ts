import { FAULTS, type Fault, type FaultKind } from './fault.ts';
import { object, orNull, type Schema, text } from './schema.ts';

/** How an interface that others have made says what went wrong. */
export interface Dialect {
  /** What the interface is called. */
  readonly name: string;
  /** Statuses that it has for faults, where they are others. */
  readonly statuses: Partial<Record<FaultKind, number>>;
  error(fault: Fault, status: number): unknown;
  readonly schema: Schema;
}

/** Text Embeddings Inference. */
export const TEI: Dialect = {
  name: 'Text Embeddings Inference',
  statuses: {},
  error: ({ message, kind }) => ({ error: message, error_type: FAULTS[kind].tei }),
  schema: object({ error: text(), error_type: { type: 'string', enum: [...new Set(Object.values(FAULTS).map(({ tei }) => tei))] } }),
};

/** Beside what OpenAI says, which its client reads, stand the keys of Text Embeddings Inference on this route. */
export const OPENAI: Dialect = {
  name: 'OpenAI',
  statuses: { invalid: 400, tokenizer: 400 },
  error: ({ message, kind, param = null, code = null }, status) => ({
    error: { message, type: FAULTS[kind].openai, param, code },
    message,
    code: status,
    type: FAULTS[kind].tei,
  }),
  schema: object({
    error: object({ message: text(), type: text(), param: orNull(text()), code: orNull(text()) }),
    message: text(),
    code: { type: 'integer' },
    type: text(),
  }),
};

export const COHERE: Dialect = {
  name: 'Cohere',
  statuses: { invalid: 400, tokenizer: 400 },
  error: ({ message }) => ({ message }),
  schema: object({ message: text() }),
};

export const JINA: Dialect = {
  name: 'Jina',
  statuses: {},
  error: ({ message }) => ({ detail: message }),
  schema: object({ detail: text() }),
};

export const OLLAMA: Dialect = {
  name: 'Ollama',
  statuses: { invalid: 400, tokenizer: 400 },
  error: ({ message }) => ({ error: message }),
  schema: object({ error: text() }),
};

export const WORKERS_AI: Dialect = {
  name: 'Workers AI',
  statuses: { invalid: 400, tokenizer: 400 },
  error: ({ message }, status) => ({ result: null, success: false, errors: [{ code: status, message }], messages: [] }),
  schema: object({
    result: { type: 'null' },
    success: { type: 'boolean', enum: [false] },
    errors: { type: 'array', items: object({ code: { type: 'integer' }, message: text() }) },
    messages: { type: 'array' },
  }),
};

/** The status that a fault has in a dialect. */
export const statusOf = ({ statuses }: Dialect, { kind, status }: Fault): number => statuses[kind] ?? status;
