// The libraries that a server permits to its lines.
import { describe, expect, it } from 'vitest';

import { checkLibraries } from '../../../src/doctor/oauth/check-libraries.ts';
import { rules } from '../server/server-settings.ts';

const OAUTH = 'hostssl all all all oauth issuer="https://login.example.com" scope=openid map=x';
const PAM = 'hostssl all all all pam';

describe('oauth_validator_libraries', () => {
  const check = (libraries: readonly string[] | undefined, ...lines: readonly string[]) =>
    checkLibraries('x', { validatorLibraries: libraries }, rules(...lines));

  it.each<[libraries: readonly string[] | undefined, lines: readonly string[]]>([
    [['pgtoken_validator'], [OAUTH, PAM]],
    [['/opt/pgtoken/pgtoken_validator'], [OAUTH]],
    [['other', 'pgtoken_validator'], [`${OAUTH} validator=pgtoken_validator`]],
    [[], [PAM]],
    // Before PostgreSQL 18.
    [undefined, [OAUTH]],
  ])('%j is in order for %j', (libraries, lines) => {
    expect(check(libraries, ...lines)).toEqual([]);
  });

  it.each<[libraries: readonly string[], list: string]>([
    [[], "'pgtoken_validator'"],
    [['other'], "'other', 'pgtoken_validator'"],
    [['pgtoken_validator_old'], "'pgtoken_validator_old', 'pgtoken_validator'"],
  ])('%j does not have it', (libraries, list) => {
    expect(check(libraries, PAM, OAUTH)).toMatchObject([
      {
        level: 'failure',
        fault: 'server-validator',
        subject: 'x',
        message: `oauth_validator_libraries is "${libraries.join(', ')}": no login by /hba:2 is decided by pgtoken`,
        hint: `Run:\n  ALTER SYSTEM SET oauth_validator_libraries = ${list};\n  SELECT pg_reload_conf();`,
      },
    ]);
  });

  it('of several names each line has to say one', () => {
    const named = `${OAUTH} validator=pgtoken_validator`;
    expect(check(['other', 'pgtoken_validator'], named, OAUTH)).toMatchObject([
      {
        fault: 'server-validator',
        message:
          'oauth_validator_libraries is "other, pgtoken_validator", and /hba:2 does not say which: PostgreSQL rejects the file',
      },
    ]);
  });
});
