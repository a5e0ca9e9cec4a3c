// `pgtoken keys` on the command line.
import type { Command } from 'commander';
import { SYSTEM_CACHE_FOLDER } from '../../keys/disk-key-cache.ts';
import { addCommand } from '../add-command.ts';
import type { KeysOptions } from './keys.ts';
import { DEFAULT_CONFIG } from '../pam-arguments.ts';

/** Adds `keys`. */
export function addKeysCommand(program: Command): void {
  addCommand(program, 'keys', {
    summary: "show the issuers' keys",
    description: [
      'Shows for each issuer the keys that logins are verified with: those pinned in a file, or those that the daemon keeps on disk (or pgtoken pam, with its own --cache-dir), how old they are, when they are retrieved next, and what went wrong last.',
      'Exit status: 0 every issuer has keys that are used, 1 some issuer has none, 2 the configuration cannot be used.',
    ],
  })
    .option('--config <file>', 'the configuration', DEFAULT_CONFIG)
    .option('--cache-dir <folder>', 'where keys are kept on disk', SYSTEM_CACHE_FOLDER)
    .option('--json', 'write JSON', false)
    .action(async (options: KeysOptions) => {
      const { showKeys } = await import('./keys.ts');
      process.exitCode = await showKeys(options);
    });
}
