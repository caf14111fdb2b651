/** Serves embeddings: `deno run --allow-read --allow-net --allow-env examples/deno.ts`, then POST {"texts": ["…"]} to it. */
import { minilm } from '@tracelet/all-minilm-l6-v2';
import { jit } from 'tracelet';

const embedder = await jit.load(minilm);

async function embed(texts: string[]): Promise<number[][]> {
  const { shape, data } = await embedder.embed(texts, { truncate: true });
  return texts.map((_, row) => Array.from(data.subarray(row * shape[1], (row + 1) * shape[1]), Number));
}

// @ts-expect-error: Deno's own global
Deno.serve({ port: Number(Deno.args[0] ?? 8000) }, async (request: Request) => {
  const { texts } = await request.json().catch(() => ({}));
  if (!Array.isArray(texts)) return Response.json({ error: 'expected {"texts": ["…"]}' }, { status: 400 });
  return Response.json({ embeddings: await embed(texts) });
});
