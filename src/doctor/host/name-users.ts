// Numbers of users in what is said of a file, as names: root reads it, and knows who user 998 is no better than anybody.
import type { Accounts } from './host.ts';

/** @returns the message of a problem, with the names of users where the host has some. */
export async function nameUsers(
  message: string,
  { nameOfUser }: Pick<Accounts, 'nameOfUser'>,
): Promise<string> {
  const [reader] = /user ID \d+(?= may not read it)/.exec(message) ?? [];
  const [, owner, expected] =
    /owned by (user ID \d+); expected (\d+(?: or \d+)*)/.exec(message) ?? [];
  let named = message;
  for (const seen of [reader, owner]) {
    if (seen !== undefined) {
      named = named.replace(seen, await nameOf(seen, nameOfUser));
    }
  }
  if (expected !== undefined) {
    const names = await Promise.all(
      expected.split(' or ').map(async (id) => nameOfUser(Number(id))),
    );
    named = named.replace(`expected ${expected}`, `expected ${names.join(' or ')}`);
  }
  return named;
}

async function nameOf(seen: string, nameOfUser: Accounts['nameOfUser']): Promise<string> {
  const id = seen.replace('user ID ', '');
  const name = await nameOfUser(Number(id));
  return name === id ? seen : `user ${name}`;
}
