import { jit } from 'tracelet';
import { handler } from 'tracelet/serve';

let answering;
async function load(assets) {
  const [minilm, ranker] = ['model', 'ranker'].map(async (name) => jit.load(await assets.fetch(`http://assets/${name}.tracelet`)));
  return handler({ minilm: await minilm, ranker: await ranker }, { max_client_batch_size: 5 });
}

export default {
  async fetch(request, { ASSETS }) {
    answering ??= load(ASSETS);
    return (await answering)(request);
  },
};
