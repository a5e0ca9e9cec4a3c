// Users by name in what is said of files.
import { describe, expect, it } from 'vitest';

import { nameUsers } from '../../../src/doctor/host/name-users.ts';

const NAMES: Readonly<Record<number, string>> = { 0: 'root', 998: 'pgtoken', 1000: 'alice' };
const accounts = { nameOfUser: async (uid: number) => NAMES[uid] ?? String(uid) };

describe('a message', () => {
  it.each([
    [
      '/x cannot be used: user ID 998 may not read it',
      '/x cannot be used: user pgtoken may not read it',
    ],
    ['cannot be used: user ID 7 may not read it', 'cannot be used: user ID 7 may not read it'],
    ['owned by user ID 1000; expected 0 or 998', 'owned by user alice; expected root or pgtoken'],
    ['owned by user ID 7; expected 0', 'owned by user ID 7; expected root'],
    ['owned by user ID 998; expected 0 or 7', 'owned by user pgtoken; expected root or 7'],
    ['role "user ID 998" is no role', 'role "user ID 998" is no role'],
  ])('%s: %s', async (message, expected) => {
    expect(await nameUsers(message, accounts)).toBe(expected);
  });
});
