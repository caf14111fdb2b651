import { clientsAt } from './servingclients.mjs';

export default {
  fetch: async ({ url }) => Response.json(await clientsAt(new URL(url).searchParams.get('at'))),
};
