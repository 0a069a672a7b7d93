import { Command } from 'commander';
import { version } from '../support/version.ts';
import type { Cli } from './cli.ts';
import { adoptCommand } from './commands/adopt.ts';
import { bootCommand } from './commands/boot.ts';
import { chaosCommand } from './commands/chaos.ts';
import { completionCommand, namesCommand } from './commands/completion.ts';
import { consoleCommand } from './commands/console.ts';
import { credentialsCommand } from './commands/credentials.ts';
import { doctorCommand } from './commands/doctor.ts';
import { downCommand } from './commands/down.ts';
import { enrolCommand } from './commands/enrol.ts';
import { eventsCommand } from './commands/events.ts';
import { exportCommand } from './commands/export.ts';
import { faultCommand } from './commands/fault.ts';
import { gcCommand } from './commands/gc.ts';
import { imageCommand } from './commands/image.ts';
import { importCommand } from './commands/import.ts';
import { metricsCommand } from './commands/metrics.ts';
import { openCommand } from './commands/open.ts';
import { powerCommand } from './commands/power.ts';
import { proveCommand } from './commands/prove.ts';
import { quitCommand } from './commands/quit.ts';
import { schemaCommand } from './commands/schema.ts';
import { serveCommand } from './commands/serve.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import { stopCommand } from './commands/stop.ts';
import { upCommand } from './commands/up.ts';
import { watchCommand } from './commands/watch.ts';
import { whyCommand } from './commands/why.ts';
import { exitCodes } from './exit-codes.ts';

/** The command line: every command and option there is. */
export function createProgram(cli: Cli): Command {
  const program = new Command('quintupleo')
    .description('Virtual bare metal: machines with an IPMI 2.0 BMC, network boot and a serial console.')
    .version(version)
    .option('--json', 'answer in JSON, for programs')
    .option('--lab <name>', 'lab that nodes are in, where their names alone do not tell')
    .option('--id <id>', 'make a lab file the lab NAME-ID, so that many labs can be made of one file')
    .option('--debug', 'print where an error comes from')
    .showSuggestionAfterError()
    .addHelpText('after', epilogue);
  for (const command of [
    upCommand(cli),
    downCommand(cli),
    statusCommand(cli),
    startCommand(cli),
    stopCommand(cli),
    powerCommand(cli),
    bootCommand(cli),
    whyCommand(cli),
    consoleCommand(cli),
    eventsCommand(cli),
    watchCommand(cli),
    openCommand(cli),
    faultCommand(cli),
    chaosCommand(cli),
    metricsCommand(cli),
    credentialsCommand(cli),
    exportCommand(cli),
    enrolCommand(cli),
    proveCommand(cli),
    doctorCommand(cli),
    adoptCommand(cli),
    gcCommand(cli),
    importCommand(cli),
    imageCommand(cli),
    schemaCommand(cli),
    completionCommand(cli),
    serveCommand(cli),
    quitCommand(cli),
  ]) {
    program.addCommand(command);
  }
  program.addCommand(namesCommand(cli), { hidden: true });
  // Commands take over what is configured on the program only when made by it, so each is told.
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: text => cli.out.write(text),
      writeErr: text => cli.err.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      getOutHelpWidth: () => cli.out.columns ?? 100,
      getErrHelpWidth: () => cli.err.columns ?? 100,
    });
  }
  return program;
}

function epilogue(): string {
  const codes = Object.values(exitCodes).map(
    ({ status, meaning }) => `  ${String(status).padStart(3)}  ${meaning}`,
  );
  return `
NODE is the name of a node, or LAB/NODE.

Exit codes:
${codes.join('\n')}

Example:
  quintupleo up examples/pair.yaml
  quintupleo power pair/node-0 on
  quintupleo console pair/node-0`;
}
