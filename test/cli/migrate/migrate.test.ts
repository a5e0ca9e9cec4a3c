// `pgtoken migrate` as a process: what goes where, and the exit status. Wrong input as somebody would type it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { runPgtoken } from '../../support/run-pgtoken.ts';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';

const ARTICLE =
  'auth required pam_oidc.so issuer=https://k8s-oidc.example.com aud=postgres [user_template={{.Subject|trimPrefix "system:serviceaccount:" }}]';

describe('pgtoken migrate', () => {
  it('writes an issuers.yaml that config check accepts, and exits 0', async () => {
    const { status, stdout, stderr } = await runPgtoken(['migrate', ARTICLE]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout)
      .toBe(`# Made by pgtoken migrate from a line of pam_oidc. In the PAM service file, in place of that line
# and of the account line:
#
#   auth     required  pam_pgtoken.so
#   account  required  pam_pgtoken.so
#
# Note: where claim "sub" does not begin with "system:serviceaccount:", the rule permits nothing;
#   pam_oidc takes the value all the same
# Note: pgtoken refuses more than pam_oidc does; docs/operate/migrate.md has the list
apiVersion: pgtoken/v1
issuers:
- name: k8s-oidc-example-com
  issuer:
    url: https://k8s-oidc.example.com
    audiences: [postgres]
  roles:
  - {claim: sub, trimPrefix: "system:serviceaccount:"}
`);
    await using folder = await createTemporaryFolder('migrate');
    const file = join(folder.path, 'issuers.yaml');
    await writeFile(file, stdout, { mode: 0o644 });
    expect(await runPgtoken(['config', 'check', file])).toMatchObject({
      status: 0,
      stdout: `${file}: ok, 1 issuer: k8s-oidc-example-com\n`,
    });
  });

  it('writes what it can, tells on standard error what it cannot, and exits 1', async () => {
    const { status, stdout, stderr } = await runPgtoken(['migrate', `${ARTICLE} cache_dir=/x`]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^apiVersion: pgtoken\/v1$/m);
    expect(stderr).toBe(
      'not carried over: cache_dir "/x": issuers.yaml names no folder for keys, and what is in this one cannot be used. The daemon keeps keys in /var/cache/pgtoken by itself; pgtoken serve --cache-dir names another folder.\n',
    );
  });

  it.each<[what: string, args: readonly string[], stderr: string]>([
    [
      'another module',
      ['auth required pam_unix.so'],
      'error: the module is "pam_unix.so"; expected pam_oidc.so\n',
    ],
    [
      'a line whose brackets the shell has taken',
      [ARTICLE.replaceAll(/[[\]]/g, '')],
      `error: argument "\\"system:serviceaccount:\\"" has no "="; expected name=value
HINT: An argument with blanks stands in brackets as a whole, as in [user_template={{.Subject | trimPrefix "x"}}].
error: argument "}}" has no "="; expected name=value
HINT: An argument with blanks stands in brackets as a whole, as in [user_template={{.Subject | trimPrefix "x"}}].
`,
    ],
    [
      'the line as /etc/pam.conf has it',
      [`postgresql ${ARTICLE}`],
      `error: the line begins with "postgresql"; expected auth, as in a file of /etc/pam.d
HINT: Leave out the service name, which only /etc/pam.conf has.
`,
    ],
    [
      'the whole file',
      [`${ARTICLE}\naccount required pam_permit.so`],
      `error: there are 2 lines; expected one
HINT: Give the auth line that names pam_oidc.so, in single quotes.
`,
    ],
    [
      'the path of the file',
      ['/etc/pam.d/postgresql'],
      'error: the line begins with "/etc/pam.d/postgresql"; expected auth, as in a file of /etc/pam.d\n',
    ],
    [
      'a line without quotes around it',
      ARTICLE.split(' '),
      `error: too many arguments for 'migrate'. Expected 1 argument but got 8
HINT: See pgtoken migrate --help.
`,
    ],
    ['no line', [], "error: missing required argument 'line'\nHINT: See pgtoken migrate --help.\n"],
  ])('exits 2 and writes no file for %s', async (_what, args, stderr) => {
    expect(await runPgtoken(['migrate', ...args])).toEqual({
      status: 2,
      signal: undefined,
      stdout: '',
      stderr,
    });
  });

  it('takes a line that begins with a dash behind --', async () => {
    const { status, stdout } = await runPgtoken(['migrate', '--', `-${ARTICLE}`]);
    expect(status).toBe(0);
    expect(stdout).toContain(
      '# Note: the "-" in front of auth is left out: a missing module is logged\n',
    );
  });
});
