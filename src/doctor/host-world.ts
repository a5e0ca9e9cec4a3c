// This very host, as the checks see it.
import { systemClock } from '../clock.ts';
import { askDaemon } from './ask-daemon.ts';
import { findServers } from './find-servers.ts';
import { createHostAccounts } from './host-accounts.ts';
import { hostFiles } from './host-files.ts';
import { loadPolicyAs } from './load-policy-as.ts';
import { createRetrieveKeys } from './retrieve-keys.ts';
import { runCommand } from './run-command.ts';
import { lookAs } from './take-on-rights.ts';
import type { World } from './world.ts';

/** Looks, and changes nothing. */
export function createHostWorld(): World {
  return {
    files: hostFiles,
    accounts: createHostAccounts(runCommand),
    run: runCommand,
    clock: systemClock,
    loadPolicy: loadPolicyAs,
    retrieveKeys: createRetrieveKeys(systemClock),
    askDaemon,
    findServers: () => findServers(hostFiles, lookAs),
    uid: process.geteuid?.() ?? 0,
    architecture: process.arch,
  };
}
