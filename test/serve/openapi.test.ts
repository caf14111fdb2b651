import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { serve } from '../../src/serve/index.ts';
import { ROUTES } from '../../src/serve/routes/index.ts';
import { misfit } from '../../src/serve/schema.ts';
import { VERSION } from '../../src/serve/version.ts';
import { fixture } from '../support/fixtures.ts';
import { asking, classifier, embedder, reranker, sparse } from '../support/serving.ts';

const models = { vectors: await embedder(), ranks: await reranker(), labels: await classifier(), words: await sparse() };

test('the version is that of the package', () => expect(VERSION).toBe(packageJson.version));

test('each route is described, with what it takes and every status that it has', async () => {
  const { get } = asking(models);
  const { openapi, paths } = JSON.parse(await get('/openapi.json'));
  expect(openapi).toBe('3.1.0');
  for (const { paths: own, method } of ROUTES)
    for (const path of own) expect(paths[path]?.[method.toLowerCase()]?.summary, path).toMatch(/./);
  expect(Object.keys(paths['/embed'].post.responses)).toEqual([
    '200',
    '400',
    '404',
    '408',
    '413',
    '415',
    '422',
    '424',
    '429',
    '500',
    '503',
  ]);
  expect(paths['/v1/embeddings'].post.requestBody.content['application/json'].schema.required).toEqual(['input']);
  expect(
    JSON.parse(await asking(models, { api_keys: ['a'] }).get('/openapi.json', { headers: { authorization: 'Bearer a' } })).security,
  ).toEqual([{ key: [] }]);
});

test('every example is answered, in the form that is described', async () => {
  const { ask } = asking(models);
  const examples = ROUTES.filter(({ example }) => example !== undefined);
  expect(examples.length).toBeGreaterThan(9);
  for (const { paths, example, answer, body, ability } of examples) {
    expect(misfit(body as object, example)).toBeUndefined();
    const named = 'model' in (example as object) ? { ...(example as object), model: ability === 'embed' ? 'vectors' : 'ranks' } : example;
    expect(misfit(answer as object, await ask(paths[0], named)), paths[0]).toBeUndefined();
  }
});

test('/docs is a page that lists them', async () => {
  const page = await asking(models).get('/docs');
  for (const { paths } of ROUTES) expect(page).toContain(`<code>${paths[0]}</code>`);
  expect(page).not.toContain('<script');
});

const SCHEMATHESIS = process.env.TRACELET_SCHEMATHESIS ?? fixture('../../build/schemathesis/bin/schemathesis');
const CHECKS =
  'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,negative_data_rejection,unsupported_method';

if (!existsSync(SCHEMATHESIS)) test.skip('left out, .ci/run installs schemathesis with pip', () => {});
else
  test('schemathesis finds no request for which the document is wrong', async () => {
    const server = await serve(models, { port: 0 });
    try {
      const args = ['run', `${server.url}openapi.json`, '--checks', CHECKS, '--max-examples', '4', '--seed', '1', '--no-color'];
      const { stdout } = await promisify(execFile)(SCHEMATHESIS, args, { maxBuffer: 1 << 26, cwd: tmpdir() }).catch(
        (error) => error as { stdout: string },
      );
      expect(stdout).toMatch(/(\d+) generated, \1 passed/);
    } finally {
      await server.close();
    }
  });
