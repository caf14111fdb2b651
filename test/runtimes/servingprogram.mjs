import { minilm } from '@tracelet/all-minilm-l6-v2';
import { jit } from 'tracelet';
import { serve } from 'tracelet/serve';

const models = { minilm: await jit.load(minilm), ranker: await jit.load('assets/ranker.tracelet') };
const server = await serve(models, { port: 0, max_client_batch_size: 5 });
console.log(`at ${server.url} `);
