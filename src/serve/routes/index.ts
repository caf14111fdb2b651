import type { Registry } from '../registry.ts';
import type { Route } from '../route.ts';
import { docsRoutes } from './docs.ts';
import { mainRoute } from './main.ts';
import { OLLAMA_ROUTES } from './ollama.ts';
import { OPENAI_ROUTES } from './openai.ts';
import { RERANK_ROUTES } from './rerank.ts';
import { TEI_SCORES } from './scores.ts';
import { SERVER_ROUTES } from './server.ts';
import { TEI_VECTORS } from './tei.ts';
import { TEI_TOKENS } from './tokens.ts';
import { WORKERS_AI_ROUTES } from './workersai.ts';

/** All that models can be asked, and the server itself. */
export const ROUTES = [
  ...TEI_VECTORS,
  ...TEI_SCORES,
  ...TEI_TOKENS,
  ...OPENAI_ROUTES,
  ...RERANK_ROUTES,
  ...OLLAMA_ROUTES,
  ...WORKERS_AI_ROUTES,
  ...SERVER_ROUTES,
] as readonly Route[];

/** The routes of a server of these models, with what describes them. */
export function routesFor(registry: Registry, settings: { hasKeys: boolean }): readonly Route[] {
  const main = mainRoute(ROUTES, registry);
  const routes = main ? [...ROUTES, main] : ROUTES;
  return [...routes, ...docsRoutes(routes, settings)];
}
