// This very host, as the checks see it.
import { systemClock } from '../../clock.ts';
import { askDaemon } from '../daemon/ask-daemon.ts';
import { findServers } from '../server/find-servers.ts';
import { createHostAccounts } from './host-accounts.ts';
import { hostFiles } from './host-files.ts';
import { loadPolicyAs } from '../issuers/load-policy-as.ts';
import { createFetchKeys } from '../issuers/fetch-keys.ts';
import { runCommand } from './run-command.ts';
import { lookAs } from './with-effective-user.ts';
import type { Host } from './host.ts';

/** Looks, and changes nothing. */
export function createRealHost(): Host {
  return {
    files: hostFiles,
    accounts: createHostAccounts(runCommand),
    run: runCommand,
    clock: systemClock,
    loadPolicy: loadPolicyAs,
    fetchKeys: createFetchKeys(systemClock),
    askDaemon,
    findServers: () => findServers(hostFiles, lookAs),
    uid: process.geteuid?.() ?? 0,
    architecture: process.arch,
  };
}
