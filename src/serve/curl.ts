import type { Registry } from './registry.ts';
import { ROUTES } from './routes/index.ts';

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Commands for a shell that ask each thing that can be asked once. */
export function curlLines(url: string, registry: Registry, withKey: boolean): string[] {
  const key = withKey ? ' -H "Authorization: Bearer $API_KEY"' : '';
  return ROUTES.filter(({ example, ability }) => example !== undefined && ability && registry.able(ability).length > 0).map(
    ({ paths: [path], example, ability = 'embed' }) => {
      const named = Object.hasOwn(example as object, 'model') ? { ...(example as object), model: registry.able(ability)[0].name } : example;
      return `curl ${url.replace(/\/$/, '')}${path}${key} -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(named))}`;
    },
  );
}
