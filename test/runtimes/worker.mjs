import { runFrom } from './context.mjs';

export default {
  async fetch(request) {
    const { searchParams } = new URL(request.url);
    return Response.json(await runFrom(searchParams.get('base'), { files: false, relaxed: true, threads: false }));
  },
};
