#!/usr/bin/env node
import { type Interruption, runCommandLine } from './commandline.ts';
import { STATUS } from './status.ts';

const controller = new AbortController();
const interruption: Interruption = { signal: controller.signal };
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => {
    interruption.name = name;
    controller.abort();
  });
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    process.stderr.write(`tracelet: the output cannot be written: ${error.message}\n`);
    process.exit(STATUS.input);
  });

process.exitCode = await runCommandLine(process.argv.slice(2), interruption);
