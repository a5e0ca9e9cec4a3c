// `pgtoken __complete` on the command line: what the completion of shells asks for, and nobody else. Not in the help.
import type { Command } from 'commander';

/** Adds `__complete`. */
export function addCompleteCommand(program: Command): void {
  program
    .command('__complete', { hidden: true })
    .argument('<what>')
    .argument('[words...]')
    .action(async (what: string, words: readonly string[]) => {
      const { complete } = await import('./complete.ts');
      complete(what, words);
    });
}
