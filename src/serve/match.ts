import { COHERE, type Dialect, OLLAMA, OPENAI, TEI } from './dialect.ts';
import { Fault } from './fault.ts';
import type { Route } from './route.ts';

/** A route, and what stands in the path where it takes anything. */
export interface Match {
  route: Route;
  rest: string;
}

const OPEN_END = /\{\w+\}$/;

/** The dialect of paths that are no route. */
const PREFIXES: readonly (readonly [string, Dialect])[] = [
  ['/v1/', OPENAI],
  ['/v2/', COHERE],
  ['/api/', OLLAMA],
];

export const dialectOf = (path: string): Dialect => PREFIXES.find(([prefix]) => path.startsWith(prefix))?.[1] ?? TEI;

/** What finds the route of a path. It throws a fault for a path that is none, and for a method that the path has not. */
export function matcher(routes: readonly Route[]): (method: string, path: string) => Match {
  const places = routes.flatMap((route) => route.paths.map((path) => ({ route, path, open: path.replace(OPEN_END, '') })));
  const isAt = (path: string) => (place: (typeof places)[number]) =>
    place.path === path || (place.open !== place.path && path.startsWith(place.open) && path.length > place.open.length);
  return (method, path) => {
    const found = places.filter(isAt(path));
    if (found.length === 0)
      throw new Fault('missing', `There is nothing at ${path.slice(0, 100)}; /docs lists what there is`, { code: 'unknown_url' });
    const asked = method === 'HEAD' ? 'GET' : method;
    const place = found.find(({ route }) => route.method === asked);
    if (place) return { route: place.route, rest: unescaped(path.slice(place.open.length)) };
    const allow = [...new Set(found.flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method])))].join(', ');
    throw new Fault('method', `Method ${method} is not allowed here: ${allow}`, { headers: { allow } });
  };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Fault('malformed', 'The path is not UTF-8');
  }
}
