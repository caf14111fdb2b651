import { tmpdir } from 'node:os';
import { basename } from 'node:path';
import { expect, test, vi } from 'vitest';
import { clearEnvironment } from '../setup/environment.ts';

test.each([
  'HF_TOKEN',
  'HF_HUB_OFFLINE',
  'TRANSFORMERS_OFFLINE',
  'TRACELET_DEBUG',
  'TRACELET_CACHE',
  'NODE_OPTIONS',
  'https_proxy',
  'HTTP_PROXY',
])("a developer's %s does not reach the tests", (name) => {
  expect(process.env[name]).toBe(undefined);
  vi.stubEnv(name, 'from a shell');
  clearEnvironment();
  expect(process.env[name]).toBe(undefined);
});

test.each(['TRACELET_RUNTIMES', 'TRACELET_MINILM', 'PATH', 'HOME'])('%s does', (name) => {
  vi.stubEnv(name, 'from a shell');
  clearEnvironment();
  expect(process.env[name]).toBe('from a shell');
});

test('temporary files lie in a folder of the run', () => expect(basename(tmpdir())).toMatch(/^tracelet-tests-/));
