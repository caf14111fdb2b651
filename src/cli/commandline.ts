import { inspect } from 'node:util';
import { Command, CommanderError } from 'commander';
import { TraceletError } from '../base/error.ts';
import { messageOf } from '../base/realm.ts';
import '../kernels/sets/index.ts';
import '../tokenizer/late.ts';
import { answerCommand } from './commands/answer.ts';
import { batchCommand } from './commands/batch/batch.ts';
import { benchCommand } from './commands/bench.ts';
import { classifyCommand } from './commands/classify.ts';
import { embedCommand } from './commands/embed.ts';
import { fillCommand } from './commands/fill.ts';
import { inspectCommand } from './commands/inspect.ts';
import { nerCommand } from './commands/ner.ts';
import { profileCommand } from './commands/profile.ts';
import { quantizeCommand } from './commands/quantize.ts';
import { rankCommand } from './commands/rank.ts';
import { runCommand } from './commands/run.ts';
import { searchCommand } from './commands/search.ts';
import { serveCommand } from './commands/serve.ts';
import { tokensCommand } from './commands/tokens.ts';
import { traceCommand } from './commands/trace.ts';
import { verifyCommand } from './commands/verify.ts';
import { expectStdout, note } from './output.ts';
import { description, version } from './package.ts';
import { STATUS } from './status.ts';
import { inWords } from './words.ts';

const COMMANDS = [
  traceCommand,
  quantizeCommand,
  runCommand,
  embedCommand,
  searchCommand,
  rankCommand,
  classifyCommand,
  nerCommand,
  answerCommand,
  fillCommand,
  serveCommand,
  tokensCommand,
  inspectCommand,
  verifyCommand,
  benchCommand,
  profileCommand,
  batchCommand,
];

/** What they do shows elsewhere than on stdout. */
const SILENT = [traceCommand, quantizeCommand, verifyCommand];

const HELP = `
Exit status:
  ${STATUS.ok}    done; where there is nothing to do, nothing is answered
  ${STATUS.no}    a trace fails its verification, or a call does not fit (inspect --fit)
  ${STATUS.usage}    the command line is wrong, whatever the files hold
  ${STATUS.input}    an input, model or file is wrong, or cannot be read or written
  ${STATUS.bug}   something unforeseen: a bug
  ${STATUS.SIGINT}  interrupted (${STATUS.SIGTERM}: terminated); no partial file is left behind

Answers go to stdout, remarks and errors to stderr. TRACELET_DEBUG=1 shows the stack of an error. Each line of stdin that is a text gives
one line of JSON, blank ones as well. Output files are replaced once they are whole, unless the command reads them; links are followed, and
pipes and devices written to.

Examples:
  $ tracelet trace all-MiniLM-L6-v2/ -o minilm.tracelet
  $ tracelet embed -m minilm.tracelet "a cat on a mat" "a kitten on a rug" "rising interest rates"
  $ tracelet trace --help`;

function buildProgram(signal: AbortSignal): Command {
  const program = new Command('tracelet')
    .description(description)
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'tracelet: ')) })
    .addHelpText('after', HELP)
    .exitOverride();
  for (const command of COMMANDS) {
    const child = command(signal).copyInheritedSettings(program);
    for (const nested of child.commands) nested.copyInheritedSettings(child);
    if (!SILENT.includes(command)) child.hook('preAction', expectStdout);
    program.addCommand(child.showHelpAfterError(`See tracelet ${child.name()} --help`));
  }
  return program;
}

function report(error: unknown): void {
  if (process.env.TRACELET_DEBUG) note(inspect(error));
  else if (error instanceof TraceletError) note(`tracelet: ${inWords(error)}`);
  else note(`tracelet: ${messageOf(error)} (unforeseen; TRACELET_DEBUG=1 shows where)`);
}

/** What ends a command before it is done, and the name of the signal that did once it has come. */
export interface Interruption {
  signal: AbortSignal;
  name?: 'SIGINT' | 'SIGTERM';
}

/** Runs the command line of `args` and answers with its exit status. */
export async function runCommandLine(args: readonly string[], interruption: Interruption): Promise<number> {
  try {
    await buildProgram(interruption.signal).parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? STATUS.ok);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? STATUS.ok : STATUS.usage;
    if (interruption.name) {
      note('tracelet: interrupted');
      return STATUS[interruption.name];
    }
    report(error);
    return error instanceof TraceletError ? STATUS.input : STATUS.bug;
  }
}
