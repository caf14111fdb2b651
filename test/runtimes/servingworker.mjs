import { jit } from 'tracelet';
import { handler } from 'tracelet/serve';

let answering;
const load = async (assets) =>
  handler({ minilm: await jit.load(await assets.fetch('http://assets/model.tracelet')) }, { max_client_batch_size: 5 });

export default {
  async fetch(request, { ASSETS }) {
    answering ??= load(ASSETS);
    return (await answering)(request);
  },
};
