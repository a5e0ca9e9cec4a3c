// `pgtoken pooler` on the command line.
import type { Command } from 'commander';
import { addCommand } from '../add-command.ts';

/** The options as commander has them. */
export interface PoolerCommandOptions {
  readonly config?: string;
  readonly folder?: string;
  readonly check: boolean;
  readonly schema: boolean;
}

/** Adds `pooler`. */
export function addPoolerCommand(program: Command): void {
  addCommand(program, 'pooler', {
    summary: 'run PgBouncer with fresh tokens, for programs that keep one password',
    description: [
      "Starts PgBouncer with a database for each tenant of pooler.yaml, and gives it the tenant's token before the previous one expires. Clients log in without a password, by the unix socket or on the loopback interface. Starts PgBouncer again when it ends. Runs until SIGTERM, after which clients may go on for up to `drain`.",
      'Needs PgBouncer 1.25.2 or newer, and a user other than root.',
      'Exit status: 0 stopped by a signal, or with --check a pooler.yaml that can be used; 1 failed; 2 wrong usage, or a pooler.yaml that cannot be used.',
    ],
    example: {
      title: 'Example:',
      line: 'pgtoken pooler --config /etc/app/pooler.yaml --folder /run/app/pooler',
    },
  })
    .option(
      '--config <file>',
      'pooler.yaml, with the tenants and where their tokens come from; required',
    )
    .option(
      '--folder <folder>',
      'a folder of its own for tokens and sockets, made with mode 0700; required, but for --check',
    )
    .option('--check', 'check pooler.yaml, and end', false)
    .option('--schema', 'print the JSON Schema of pooler.yaml', false)
    .action(async (options: PoolerCommandOptions, command: Command) => {
      const { config, folder } = options;
      if (options.schema) {
        const { printPoolerSchema } = await import('./pooler-schema.ts');
        printPoolerSchema();
        return;
      }
      if (config === undefined) {
        command.error('error: no --config; expected it, or --schema');
      }
      if (folder === undefined && !options.check) {
        command.error('error: no --folder; expected it, or --check to check pooler.yaml only');
      }
      const { loadPoolerPlan } = await import('./load-pooler-plan.ts');
      const plan = loadPoolerPlan(config);
      if (plan === undefined) {
        process.exitCode = 2;
      } else if (!options.check && folder !== undefined) {
        const { runPooler } = await import('./pooler.ts');
        process.exitCode = await runPooler(plan, folder);
      }
    });
}
