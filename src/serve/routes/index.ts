import type { Route } from '../route.ts';
import { OPENAI_ROUTES } from './openai.ts';
import { SERVER_ROUTES } from './server.ts';
import { TEI_VECTORS } from './tei.ts';

/** All that can be asked. */
export const ROUTES = [...SERVER_ROUTES, ...TEI_VECTORS, ...OPENAI_ROUTES] as readonly Route[];
