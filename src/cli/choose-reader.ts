// Which user's permissions `config check` applies to files: those of the user that decides logins, where root runs it. What root
// may read, and which owners root trusts, says nothing about that user.
import { dirname } from 'node:path';
import { createHostAccounts } from '../doctor/host/host-accounts.ts';
import { hostFiles } from '../doctor/host/host-files.ts';
import { findObstacle } from '../doctor/host/permissions.ts';
import { runCommand } from '../doctor/host/run-command.ts';
import type { Accounts } from '../doctor/host/host.ts';
import type { Account } from '../doctor/host/account.ts';
import { DEFAULT_CONFIG } from './pam-arguments.ts';

/** The user of the package's daemon. */
export const DAEMON_USER = 'pgtoken';

/** Who looks. */
export interface ReaderChoice {
  /** Undefined: whoever runs this. */
  readonly account: Account | undefined;
  /** The user whose place it is, and who may not enter the folder that the file is in now. */
  readonly absent: Account | undefined;
}

/**
 * @param name the user of --user; undefined: that of the daemon, where root runs this and there is one.
 * @returns the choice, or why there is none.
 */
export async function chooseReader(
  file: string,
  name: string | undefined,
  accounts: Pick<Accounts, 'findUser'> = createHostAccounts(runCommand),
): Promise<ReaderChoice | string> {
  const own = process.geteuid?.() ?? 0;
  if (own !== 0 && name === undefined) {
    return { account: undefined, absent: undefined };
  }
  const account = await accounts.findUser(name ?? DAEMON_USER);
  if (account === undefined) {
    return name === undefined
      ? { account: undefined, absent: undefined }
      : `there is no user ${name} on this host`;
  }
  if (own !== 0 && own !== account.uid) {
    return `only root may look as user ${name ?? ''}`;
  }
  // A file that is on its way to its place, such as in a folder of root's own, is checked for what it says.
  const isElsewhere = name === undefined && file !== DEFAULT_CONFIG;
  return isElsewhere && mayNotEnter(dirname(file), account)
    ? { account: undefined, absent: account }
    : { account, absent: undefined };
}

function mayNotEnter(folder: string, account: Account): boolean {
  return findObstacle(folder, account, 'execute', hostFiles) !== undefined;
}
