import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
// @ts-expect-error a script without types
import { table } from '../../scripts/ops.mjs';
import { OPS } from '../../src/aten/ops/ops.ts';
import { BUILTINS } from '../../src/torchscript/builtins.ts';

const docs = readFileSync(new URL('../../docs/torchscript.md', import.meta.url), 'utf8');

test('docs/torchscript.md lists the ops that there are: scripts/ops.mjs writes them', () => expect(docs).toContain(table(OPS, BUILTINS)));
