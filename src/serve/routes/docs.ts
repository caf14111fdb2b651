import { TEI } from '../dialect.ts';
import { openApi } from '../openapi.ts';
import { type Route, route } from '../route.ts';

const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

function rowOf({ method, paths, summary, dialect, example }: Route): string {
  const names = paths.map((path) => `<code>${escaped(path)}</code>`).join(' ');
  const body = example === undefined ? '' : `<code>${escaped(JSON.stringify(example))}</code>`;
  return `<tr><td>${method}</td><td>${names}</td><td>${escaped(summary)}</td><td>${body}</td><td>${dialect.name}</td></tr>`;
}

const page = (routes: readonly Route[]): string => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>tracelet</title><meta name="viewport" content="width=device-width">
<style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:76rem;padding:0 1rem}td,th{border-bottom:1px solid #ccc;padding:.4rem;text-align:left;vertical-align:top}code{overflow-wrap:anywhere}</style>
<h1>tracelet</h1><p>What can be asked, also as <a href="openapi.json">OpenAPI 3.1</a>. Bodies are JSON.</p>
<table><tr><th><th>path<th>answers<th>example<th>interface</tr>
${routes.map(rowOf).join('\n')}
</table></html>
`;

/** What describes routes: a page, and a document of OpenAPI. */
export function docsRoutes(routes: readonly Route[], settings: { hasKeys: boolean }): readonly Route[] {
  const described: Route[] = [];
  const text = { method: 'GET', dialect: TEI } as const;
  described.push(
    route({
      ...text,
      paths: ['/docs'],
      summary: 'This page',
      answer: 'text/html; charset=utf-8',
      run: () => page([...routes, ...described]),
    }),
    route({
      ...text,
      paths: ['/openapi.json', '/api-doc/openapi.json'],
      summary: 'What can be asked, as OpenAPI 3.1',
      answer: { type: 'object' },
      run: () => openApi([...routes, ...described], settings),
    }),
  );
  return described;
}
