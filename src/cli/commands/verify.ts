import { Command } from 'commander';
import { TraceletError } from '../../base/error.ts';
import { GOLDEN_TOLERANCE, type Verification } from '../../inspect/verify.ts';
import { engineVariants, openTrace } from '../model.ts';
import { examples } from '../options.ts';
import { note, print } from '../output.ts';
import { STATUS } from '../status.ts';
import { inWords } from '../words.ts';

/** `tracelet verify` */
export const verifyCommand = (signal: AbortSignal): Command =>
  new Command('verify')
    .description('run traces on the inputs stored in them and compare with the outputs stored beside them')
    .argument('<files...>', 'traces')
    .addHelpText(
      'after',
      `
The baseline kernels must give the stored bits, and so must all kernels for a quantised trace; for others the relaxed ones, where the
engine has them, may be off by ${GOLDEN_TOLERANCE} absolute plus relative. Exit status 1 if a trace fails, 3 if one cannot be loaded.
${examples('tracelet verify minilm.tracelet', 'tracelet verify models/*.tracelet && echo fine')}`,
    )
    .action((files: string[]) => verify(files, signal));

async function verify(files: readonly string[], signal: AbortSignal): Promise<void> {
  const statuses: number[] = [];
  for (const file of files) {
    try {
      statuses.push(await verifyFile(file, signal));
    } catch (error) {
      if (!(error instanceof TraceletError) || files.length === 1) throw error;
      note(`tracelet: ${inWords(error)}`);
      statuses.push(STATUS.input);
    }
  }
  process.exitCode = Math.max(...statuses);
}

async function verifyFile(file: string, signal: AbortSignal): Promise<number> {
  const traced = await openTrace(file, { signal });
  let status: number = STATUS.ok;
  for (const [name, method] of [[file, traced] as const, ...Array.from(traced.methods, ([of, each]) => [`${file}: ${of}`, each] as const)])
    for (const kernels of engineVariants()) {
      signal.throwIfAborted();
      const verification = method.verify(kernels);
      const passed = kernels === 'baseline' || method.instance.exact ? verification.exact : verification.ok;
      if (!passed) status = STATUS.no;
      print(`${passed ? 'ok    ' : 'FAILED'}  ${kernels.padEnd(8)}  ${name}: ${finding(verification)}`);
    }
  traced.dispose();
  return status;
}

function finding({ exact, outputs }: Verification): string {
  const count = `${outputs.length} ${outputs.length === 1 ? 'output' : 'outputs'}`;
  if (exact) return `${count}, same bits`;
  const worst = outputs.reduce((a, b) => (b.maxError <= a.maxError ? a : b));
  return `${count}, off by at most ${worst.maxError.toExponential(1)} (${worst.name})`;
}
