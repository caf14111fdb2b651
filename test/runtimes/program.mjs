import { runFrom } from './context.mjs';

const [base, relaxed] = process.argv.slice(2);
const lines = await runFrom(base, { files: true, relaxed: relaxed === 'true' });
console.log(JSON.stringify(lines));
