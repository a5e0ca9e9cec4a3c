// Users and groups as the host's own name service has them, be it /etc/passwd or a directory elsewhere.
import type { Accounts, Run } from './host.ts';
import type { Account } from './account.ts';

/** @param run how id(1) and getent(1) are run. */
export function createHostAccounts(run: Run): Accounts {
  const nameOf = async (database: string, id: number): Promise<string> => {
    const { status, stdout } = await run('getent', [database, String(id)]);
    const [name = ''] = stdout.split(':');
    return status === 0 && name !== '' ? name : String(id);
  };
  return {
    findUser: async (name) => {
      if (name === '' || name.startsWith('-')) {
        return undefined;
      }
      const [uid, gid, gids] = await Promise.all([
        run('id', ['-u', '--', name]),
        run('id', ['-g', '--', name]),
        run('id', ['-G', '--', name]),
      ]);
      if (uid.status !== 0 || gid.status !== 0 || gids.status !== 0) {
        return undefined;
      }
      const primary = Number(gid.stdout.trim());
      const others = gids.stdout
        .trim()
        .split(' ')
        .map(Number)
        .filter((one) => one !== primary);
      const account: Account = {
        name,
        uid: Number(uid.stdout.trim()),
        gids: [primary, ...others],
      };
      return account;
    },
    nameOfUser: async (uid) => nameOf('passwd', uid),
    nameOfGroup: async (gid) => nameOf('group', gid),
  };
}
