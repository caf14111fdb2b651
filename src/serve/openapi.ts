import { statusOf } from './dialect.ts';
import { Fault, type FaultKind } from './fault.ts';
import type { Route } from './route.ts';
import type { Schema } from './schema.ts';
import { VERSION } from './version.ts';

/** What can go wrong whatever is asked, and with a body, and with a key. */
const ALWAYS: readonly FaultKind[] = ['missing', 'bug', 'unhealthy'];
const WITH_BODY: readonly FaultKind[] = ['malformed', 'empty', 'late', 'large', 'media', 'invalid', 'backend', 'overloaded'];

const json = (schema: Schema): object => ({ 'application/json': { schema } });

function responsesOf(route: Route, hasKeys: boolean): object {
  const { answer, body, dialect, isOpen, summary } = route;
  const kinds = [...ALWAYS, ...(body ? WITH_BODY : []), ...(hasKeys && !isOpen ? (['unauthorized'] as const) : [])];
  const statuses = [...new Set(kinds.map((kind) => statusOf(dialect, new Fault(kind, ''))))].sort();
  const wrong = statuses.map((status) => [status, { description: `An error of ${dialect.name}`, content: json(dialect.schema) }]);
  const content = typeof answer === 'string' ? { [answer]: { schema: { type: 'string' } } } : json(answer);
  return { 200: { description: summary, content }, ...Object.fromEntries(wrong) };
}

const PARAMETER = /\{(\w+)\}/g;

function operationOf(route: Route, path: string, hasKeys: boolean): object {
  const { summary, dialect, body, isOpen, example } = route;
  const parameters = [...path.matchAll(PARAMETER)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', minLength: 1 },
  }));
  const content = { 'application/json': { schema: body, ...(example !== undefined && { example }) } };
  return {
    summary,
    operationId: `${route.method.toLowerCase()}${path.replaceAll(/\W+/g, '_')}`,
    tags: [dialect.name],
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content } }),
    responses: responsesOf(route, hasKeys),
    ...(isOpen && { security: [] }),
  };
}

/** What a server of these routes answers, as OpenAPI 3.1 describes it. */
export function openApi(routes: readonly Route[], { hasKeys }: { hasKeys: boolean }): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes)
    for (const path of route.paths) {
      paths[path] ??= {};
      paths[path][route.method.toLowerCase()] = operationOf(route, path, hasKeys);
    }
  return {
    openapi: '3.1.0',
    info: {
      title: 'tracelet',
      version: VERSION,
      description: 'Vectors, scores and labels of texts, as several interfaces ask for them.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    ...(hasKeys && { security: [{ key: [] }], components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } } }),
    paths,
  };
}
