import { fill } from './fill.js';
import { openModel } from './models.js';

const USAGE = `POST /embed {"texts": ["…"]}            a vector for each text; with "truncate": true of the beginning of long ones
POST /fill  {"text": "… [MASK] …"}      likely words for each mask
`;

/** What a route answers for the JSON in its request. */
const ROUTES = {
  '/embed': async ({ texts, truncate }, env, ctx) => {
    if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string')) throw new Refusal('"texts" is a list of strings');
    const traced = await openModel('embed.tracelet', env, ctx);
    const { shape, data } = await traced.embed(texts, { truncate: truncate === true });
    return { embeddings: texts.map((_, i) => Array.from(data.subarray(i * shape[1], (i + 1) * shape[1]))) };
  },
  '/fill': async ({ text }, env, ctx) => {
    if (typeof text !== 'string') throw new Refusal('"text" is a string');
    return { masks: fill(await openModel('fill.tracelet', env, ctx), text) };
  },
};

class Refusal extends Error {}

export default {
  /** @param {Request} request */
  async fetch(request, env, ctx) {
    const answer = ROUTES[new URL(request.url).pathname];
    if (!answer || request.method !== 'POST') return new Response(USAGE, { status: answer ? 405 : 404 });
    const body = await request.json().catch(() => undefined);
    if (typeof body !== 'object' || body === null) return Response.json({ error: 'expected a JSON object' }, { status: 400 });
    try {
      return Response.json(await answer(body, env, ctx));
    } catch (error) {
      const status = error instanceof Refusal || error.code === 'value' ? 400 : 500;
      return Response.json({ error: error.message, code: error.code }, { status });
    }
  },
};
