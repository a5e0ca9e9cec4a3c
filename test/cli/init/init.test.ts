// `pgtoken init` as a process, without a terminal: every kind of issuer into a folder of its own, nothing overwritten, and what
// is said where it cannot go on.
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { KINDS } from '../../../src/init/kinds.ts';
import { readShippedText } from '../../../src/init/shipped-texts.ts';
import { ROOT } from '../../docs/read-markdown.ts';
import { SAMPLE_SETTINGS } from '../../init/sample-settings.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../support/certificate-authority.ts';
import { createIssuer, type Issuer } from '../../support/issuer.ts';
import { runPgtoken } from '../../support/run-pgtoken.ts';
import type { RunOptions, RunResult } from '../../support/run.ts';
import { createSigningKey } from '../../support/signing-key.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

let authority: CertificateAuthority;
let issuer: Issuer;
let folder: TemporaryFolder;
let count = 0;
const inside = (path: string): string => join(folder.path, path);

beforeAll(async () => {
  authority = await createCertificateAuthority();
  issuer = await createIssuer(authority);
  folder = await createTemporaryFolder('init');
  const { publicJWK } = await createSigningKey('RS256', 'k1');
  await writeFile(inside('ca'), authority.certificate);
  await writeFile(inside('jwks'), JSON.stringify({ keys: [publicJWK] }));
  await writeFile(
    inside('bundle'),
    JSON.stringify({ keys: [{ ...publicJWK, use: 'jwt-svid' }], spiffe_refresh_hint: 300 }),
  );
});
afterAll(async () => {
  await issuer?.close();
  await authority?.close();
  await folder?.remove();
});

/** A host's folders, which are empty. */
interface Place {
  readonly root: string;
  readonly config: string;
  readonly init: (args: readonly string[], options?: RunOptions) => Promise<RunResult>;
  /** Every file that is there, with its text. */
  readonly read: () => Promise<Readonly<Record<string, string>>>;
}

async function createPlace(): Promise<Place> {
  const root = inside(`host-${(count += 1)}`);
  await mkdir(join(root, 'pam.d'), { recursive: true });
  const config = join(root, 'issuers.yaml');
  await writeFile(join(root, 'pg_hba.conf'), 'local all all peer\nhost all all all md5\n');
  return {
    root,
    config,
    init: async (args, options = {}) =>
      runPgtoken(
        [
          'init',
          '--no-doctor',
          '--config',
          config,
          '--pam-dir',
          join(root, 'pam.d'),
          '--hba',
          join(root, 'pg_hba.conf'),
          ...args,
        ],
        options,
      ),
    read: async () => {
      const names = (await readdir(root, { recursive: true, withFileTypes: true }))
        .filter((one) => one.isFile() && one.name !== 'pg_hba.conf')
        .map((one) => join(one.parentPath, one.name));
      const texts = await Promise.all(
        names
          .toSorted()
          .map(async (name): Promise<[string, string]> => [
            name.slice(root.length + 1),
            await readFile(name, 'utf8'),
          ]),
      );
      return Object.fromEntries<string>(texts);
    },
  };
}

/** The options of a kind: with those that have a name of their own by that. */
function optionsOf(name: string): string[] {
  return (SAMPLE_SETTINGS[name] ?? []).flatMap((setting) => {
    const [, option = '', value = ''] = /^([^=]*)=(.*)$/.exec(setting) ?? [];
    const given = value.replace(/^FILE:/, `${folder.path}/`);
    return ['url', 'audience', 'certificate-authority', 'jwks'].includes(option)
      ? [`--${option}`, given]
      : ['--set', `${option}=${given}`];
  });
}

describe('pgtoken init', () => {
  it.concurrent.each(KINDS.map((kind) => [kind.name, kind] as const))(
    'writes what config check --strict has nothing to say of: %s',
    async (name, { service }) => {
      const place = await createPlace();
      const { status, stdout, stderr } = await place.init([name, '--offline', ...optionsOf(name)]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).not.toContain('warning');
      expect(stdout).toContain(`pam pamservice=${service}`);
      const files = await place.read();
      expect(files[`pam.d/${service}`]).toBe(
        readShippedText('packaging/pam.d/postgresql-k8s').replaceAll('postgresql-k8s', service),
      );
      const checked = await runPgtoken([
        'config',
        'check',
        '--strict',
        '--pam-dir',
        join(place.root, 'pam.d'),
        place.config,
      ]);
      // Of a cluster that is closed, the token to ask with is for somebody else to write.
      const closed = name === 'kubernetes-closed-api';
      expect(checked.stdout).toContain(closed ? 'bearerTokenFile: now' : `${place.config}: ok, `);
      expect(stdout.includes('closed.token')).toBe(closed);
      for (const path of Object.keys(files)) {
        expect((await stat(join(place.root, path))).mode & 0o7777).toBe(0o644);
      }
    },
  );

  it('has all of a kind on its first line for somebody who asks what there is', async () => {
    const { status, stdout } = await runPgtoken(['init', '--list']);
    expect(status).toBe(0);
    expect(stdout.split('\n').every((line) => line.length <= 80)).toBe(true);
    for (const { name } of KINDS) expect(stdout).toMatch(new RegExp(`^${name} +[A-Z]`, 'm'));
  });

  it('asks the issuer, and names the roles that a token could have', async () => {
    const place = await createPlace();
    const token = await issuer.mint({ sub: 'system:serviceaccount:foo:myservice', aud: 'pg' });
    await writeFile(inside('token'), `${token}\n`);
    const { status, stdout, stderr } = await place.init([
      'kubernetes',
      '--token-file',
      inside('token'),
      '--certificate-authority',
      inside('ca'),
    ]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      `found token: iss "${issuer.url}", aud "pg", sub "system:serviceaccount:foo:myservice", lives 10m; not verified`,
    );
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('1 key retrieved');
    expect(stdout).toContain(`psql -c 'CREATE ROLE "foo:myservice" LOGIN'`);
    for (const part of token.split('.')) expect(stdout).not.toContain(part);
    const files = await place.read();
    expect(files['issuers.yaml']).toContain(
      `    url: ${issuer.url}\n    certificateAuthorityFile: homelab-ca.pem\n`,
    );
    expect(files['issuers.yaml']).toContain('    audiences: [pg]\n');
    expect(files['homelab-ca.pem']).toBe(authority.certificate);
  });

  it.each([
    ['whose keys are at an address of its own', [] as const],
    ['that is not asked', ['--offline'] as const],
  ])('knows a cluster by its token: one %s', async (_which, args) => {
    const place = await createPlace();
    expect(issuer.jwksURL).not.toContain('/openid/v1/jwks');
    const { status, stdout } = await place.init(
      ['--token-file', '-', '--certificate-authority', inside('ca'), ...args],
      { stdin: await issuer.mint({ aud: 'pg', 'kubernetes.io': { namespace: 'foo' } }) },
    );
    expect(status).toBe(0);
    expect(stdout).toContain('Kind kubernetes.');
  });

  it('takes the token from standard input', async () => {
    const place = await createPlace();
    const token = await issuer.mint({ aud: 'pg' });
    const { status, stdout } = await place.init(['kubernetes', '--offline', '--token-file', '-'], {
      stdin: token,
    });
    expect(status).toBe(0);
    expect(stdout).toContain('aud "pg"');
  });

  it('writes nothing with --dry-run, and shows all of it', async () => {
    const place = await createPlace();
    const args = ['okta', '--offline', ...optionsOf('okta')];
    const { status, stdout } = await place.init([...args, '--dry-run']);
    expect(status).toBe(0);
    expect(await place.read()).toEqual({});
    await place.init(args);
    for (const [name, text] of Object.entries(await place.read())) {
      expect(stdout).toContain(`--- ${join(place.root, name)}\n${text.trimEnd()}\n`);
    }
  });

  it('takes the place of issuers.yaml as the package brings it, and of no other', async () => {
    const place = await createPlace();
    const shipped = await readFile(join(ROOT, 'packaging/etc/issuers.yaml'), 'utf8');
    await writeFile(place.config, shipped);
    await chmod(place.config, 0o600);
    const { status, stdout } = await place.init(['okta', '--offline', ...optionsOf('okta')]);
    expect(status).toBe(0);
    expect(stdout).toContain("package's, which trusts nobody");
    expect((await place.read())['issuers.yaml']).toContain('- name: okta');
    expect((await stat(place.config)).mode & 0o7777).toBe(0o644);
  });

  it('overwrites nothing: tells what would have been in it, and writes what is missing', async () => {
    const place = await createPlace();
    const mine = 'apiVersion: pgtoken/v1\nissuers: []\n';
    await writeFile(place.config, mine);
    const { status, stdout } = await place.init(['okta', '--offline', ...optionsOf('okta')]);
    expect(status).toBe(1);
    expect(stdout).toContain('These are there already, and stay as they are.');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      `1. Merge the entry shown above into ${place.config}, below its issuers: with this line in it, so that it counts for postgresql-people alone; give each other entry the service that it is for in the same way. Then check the file: pam: {services: [postgresql-people]} pgtoken config check ${place.config} 2. `,
    );
    expect(stdout).toContain('- name: okta');
    const files = await place.read();
    expect(files['issuers.yaml']).toBe(mine);
    expect(Object.keys(files)).toEqual(['issuers.yaml', 'pam.d/postgresql-people']);
  });

  it('run again, has nothing to write', async () => {
    const place = await createPlace();
    const args = ['okta', '--offline', ...optionsOf('okta')];
    await place.init(args);
    const before = await place.read();
    const { status, stdout } = await place.init(args);
    expect(status).toBe(0);
    expect(stdout).toContain('Nothing was missing.');
    expect(await place.read()).toEqual(before);
  });

  it('tells where the line of pg_hba.conf goes, and leaves the file alone', async () => {
    const place = await createPlace();
    const { stdout } = await place.init(['okta', '--offline', ...optionsOf('okta')]);
    const hba = join(place.root, 'pg_hba.conf');
    expect(stdout).toContain(
      `  sed -i '2i hostssl all all all pam pamservice=postgresql-people' ${hba}\n`,
    );
    expect(await readFile(hba, 'utf8')).toBe('local all all peer\nhost all all all md5\n');
  });

  it('names the database and the clients, a single address as the network of it alone', async () => {
    const place = await createPlace();
    const { status, stdout } = await place.init([
      'okta',
      '--offline',
      ...optionsOf('okta'),
      '--database',
      'a b',
      '--address',
      '10.0.0.1',
    ]);
    expect(status).toBe(0);
    expect(stdout).toContain(`'2i hostssl "a b" all 10.0.0.1/32 pam pamservice=postgresql-people'`);
  });

  it('leaves protected roles out, and says so', async () => {
    const place = await createPlace();
    const { status, stdout } = await place.init([
      'keycloak',
      '--offline',
      '--url',
      'https://sso.corp.test/realms/staff',
      '--audience',
      'pg',
      '--set',
      'admitted-groups=/dba',
      '--set',
      'group-role=/dba=app_admin,app_read',
    ]);
    expect(status).toBe(0);
    expect(stdout).toContain('warning  keycloak: role "app_admin" is protected, and no token may');
    expect(stdout).toContain('hostssl all app_read all pam');
    expect(stdout).not.toContain('CREATE ROLE "app_admin"');
  });

  it('has roles made at login where that is asked for', async () => {
    const place = await createPlace();
    const { status, stdout } = await place.init([
      'okta',
      '--offline',
      ...optionsOf('okta'),
      '--provision',
    ]);
    expect(status).toBe(0);
    expect(stdout).toContain(
      'pgtoken database sql --provision | runuser -u postgres -- psql -v ON_ERROR_STOP=1',
    );
    expect((await place.read())['issuers.yaml']).toContain(
      'provision: {create: true, onError: deny}',
    );
  });
});

describe('kubectl', () => {
  const run = async (
    place: Place,
    discovery: string,
    args: readonly string[],
  ): Promise<RunResult> => {
    const bin = join(place.root, 'bin');
    await mkdir(bin);
    const server = '{"server": "https://10.0.0.10:6443"}';
    await writeFile(
      join(bin, 'kubectl'),
      `#!/bin/sh
case "$*" in
  'config view'*) echo '{"current-context": "homelab", "clusters": [{"cluster": ${server}}], "users": [{"user": {"token": "hidden-secret"}}]}' ;;
  *openid-configuration*) ${discovery} ;;
  *jwks*) cat '${inside('jwks')}' ;;
  *) exit 1 ;;
esac
`,
    );
    await chmod(join(bin, 'kubectl'), 0o755);
    return place.init(args, { env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` } });
  };

  it("pins the keys of a cluster with everybody's issuer", async () => {
    const place = await createPlace();
    const { status, stdout, stderr } = await run(
      place,
      `echo '{"issuer": "https://kubernetes.default.svc.cluster.local"}'`,
      ['--kubectl', '--set', 'namespaces=shop'],
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('Kind kubernetes-default-issuer.');
    const files = await place.read();
    expect(JSON.parse(files['homelab-jwks.json'] ?? '')).toEqual(
      JSON.parse(await readFile(inside('jwks'), 'utf8')),
    );
    expect(JSON.stringify([files, stdout]).includes('hidden-secret')).toBe(
      files['bin/kubectl'] !== undefined,
    );
    expect(stdout).not.toContain('hidden-secret');
    expect(files['issuers.yaml']).toContain('requiredValues: [shop]');
  });

  it('takes the URL of a cluster whose issuer answers', async () => {
    const place = await createPlace();
    const { status, stdout } = await run(place, `echo '{"issuer": "${issuer.url}"}'`, [
      '--kubectl',
      '--certificate-authority',
      inside('ca'),
    ]);
    expect(status).toBe(0);
    expect(stdout).toContain('Kind kubernetes.');
    expect((await place.read())['issuers.yaml']).toContain(`url: ${issuer.url}`);
  });

  it('that fails is a problem', async () => {
    const place = await createPlace();
    const answer = await run(place, 'echo "error: You must be logged in" >&2; exit 1', [
      '--kubectl',
    ]);
    expect(answer).toMatchObject({
      status: 1,
      stdout: '',
      stderr:
        'pgtoken: kubectl get --raw /.well-known/openid-configuration failed: "error: You must be logged in"\nHINT: Check kubectl by itself (kubectl version); --kubectl CONTEXT chooses another context; with --url no kubectl is needed.\n',
    });
  });
});

describe('what it cannot go on with', () => {
  it.concurrent.each<
    readonly [args: readonly string[], status: number, problem: string, hint: string]
  >([
    [
      [],
      2,
      'no kind of issuer is given, and there is no terminal to ask at',
      'Name one (pgtoken init --list), or give --url, --token-file or --kubectl.',
    ],
    [
      ['kubernets'],
      2,
      'there is no kind "kubernets"',
      'pgtoken init --list shows those that there are.',
    ],
    [
      ['keycloak', '--offline', '--audience', 'x'],
      2,
      'keycloak needs more: url, admitted-groups',
      'Give --url VALUE, --set admitted-groups=VALUE.',
    ],
    [
      ['okta', '--offline', '--url', 'http://corp.okta.com', '--audience', 'x'],
      2,
      'url is "http://corp.okta.com"; expected an https:// URL such as https://issuer.example.com',
      'Write --url VALUE.',
    ],
    [
      ['okta', '--offline', '--set', 'pool=x'],
      2,
      'kind okta has no parameter "pool"',
      'Its parameters are --url VALUE, --audience VALUE, --set group-prefix=VALUE.',
    ],
    [
      ['--offline', '--url', 'https://issuer.corp.test'],
      2,
      'of what kind "https://issuer.corp.test" is cannot be told',
      'Name the kind: pgtoken init KIND. pgtoken init --list shows those that there are.',
    ],
    [
      ['--offline', '--url', 'https://accounts.google.com'],
      2,
      '"https://accounts.google.com" is of more than one kind: google-people, google-workloads',
      'Name the one that is meant: pgtoken init google-people.',
    ],
    [
      [
        'buildkite',
        '--offline',
        '--audience',
        'x',
        '--set',
        'organization-id=0184990a-477b-4fa8-9968-496074483e70',
      ],
      2,
      'nobody could log in by buildkite: no role is given',
      'Give --set pipeline-role=WHO=ROLE.',
    ],
    [
      ['--token-file', '/none/token'],
      2,
      '--token-file /none/token cannot be read: no such file',
      'Name a file with a token, or - for standard input.',
    ],
    [
      ['kubernetes-default-issuer', '--offline', '--jwks', '/none/jwks', '--set', 'namespaces=a'],
      2,
      '--jwks /none/jwks cannot be read: no such file',
      'Name a file that is there and that you may read.',
    ],
  ])('is told with what to do: %j', async (args, status, problem, hint) => {
    const place = await createPlace();
    expect(await place.init(args)).toEqual({
      status,
      signal: undefined,
      stdout: '',
      stderr: `pgtoken: ${problem}\nHINT: ${hint}\n`,
    });
    expect(await place.read()).toEqual({});
  });

  it('is a token that is none, which is not shown', async () => {
    const place = await createPlace();
    const { status, stdout, stderr } = await place.init(['okta', '--token-file', '-'], {
      stdin: 'correct-horse-battery-staple',
    });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^pgtoken: this is not a token: .*\nHINT: .*\.\n$/);
    expect(stderr).not.toContain('correct-horse');
  });

  it('is a token of another issuer', async () => {
    const place = await createPlace();
    const { status, stderr } = await place.init(
      ['okta', '--url', 'https://corp.okta.com', '--token-file', '-'],
      { stdin: await issuer.mint() },
    );
    expect(status).toBe(2);
    expect(stderr).toBe(
      `pgtoken: the token has iss "${issuer.url}", and the issuer is given as "https://corp.okta.com"\nHINT: Both must be the same byte for byte, a slash at the end too; leave --url out, or give what belongs to it.\n`,
    );
  });

  it.each([
    ['html', 'that are no JSON object'],
    ['other-issuer', 'is the discovery document of issuer'],
    ['refuse', 'connection refused'],
  ] as const)('is an issuer that answers %s', async (failure, problem) => {
    const place = await createPlace();
    await issuer.fail(failure);
    const { status, stdout, stderr } = await place.init([
      'dex',
      '--url',
      issuer.url,
      '--certificate-authority',
      inside('ca'),
      '--audience',
      'x',
      '--set',
      'connector=c',
      '--set',
      'group-role=a=b',
    ]);
    await issuer.recover();
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(problem);
    expect(stderr).toMatch(/\nHINT: .*--(?:offline|url).*\.\n$/);
    expect(await place.read()).toEqual({});
  });

  it('is keys that cannot be used', async () => {
    const place = await createPlace();
    const { status, stdout, stderr } = await place.init([
      'kubernetes-default-issuer',
      '--offline',
      '--jwks',
      inside('ca'),
      '--set',
      'namespaces=a',
    ]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(`pgtoken: --jwks ${inside('ca')} cannot be used: it is no key set: `);
    expect(stderr).toContain('\nHINT: Give another file by --jwks FILE.\n');
    expect(stderr).not.toMatch(/homelab-jwks|issuers\.yaml|Invalid value/);
    expect(await place.read()).toEqual({});
  });

  it('is an issuer whose certificate nobody vouches for', async () => {
    const place = await createPlace();
    const { status, stderr } = await place.init(['--url', issuer.url]);
    expect(status).toBe(1);
    expect(stderr).toContain(
      "\nHINT: Give the certificate authority of the issuer's server: --certificate-authority FILE. With --offline nobody is asked, and doctor tells later.\n",
    );
  });

  it('is a certificate authority that is none', async () => {
    const place = await createPlace();
    const { status, stderr } = await place.init([
      '--url',
      issuer.url,
      '--certificate-authority',
      inside('jwks'),
    ]);
    expect(status).toBe(2);
    expect(stderr).toContain(
      `pgtoken: --certificate-authority ${inside('jwks')} cannot be used: no certificate in PEM`,
    );
    expect(stderr).not.toContain('ERR_');
  });

  it.each([['http://corp.okta.com'], ['corp.okta.com'], ['https://a b']])(
    'is a URL that nobody is asked for: %s',
    async (url) => {
      const place = await createPlace();
      expect(await place.init(['--url', url])).toMatchObject({
        status: 2,
        stdout: '',
        stderr: `pgtoken: url is "${url}"; expected an https:// URL such as https://issuer.example.com\nHINT: Write --url VALUE.\n`,
      });
    },
  );

  it.each([
    ['--address', 'banana', 'expected an address, a network such as 10.0.0.0/8'],
    ['--address', '10.0.0.0/33', 'expected an address'],
    ['--address', '10.0.0.0 8', 'expected an address'],
    ['--database', 'a\nb', 'expected names of databases'],
    ['--database', '/a', 'expected names of databases'],
    ['--database', 'a,', 'expected names of databases'],
    ['--name', 'a b', 'expected lower-case letters, digits and hyphens'],
    ['--hba', '/etc/passwd', 'pgtoken: --hba /etc/passwd is no pg_hba.conf: line 1: '],
  ])('is %s %j', async (option, value, problem) => {
    const place = await createPlace();
    const args = ['okta', '--offline', ...optionsOf('okta'), option, value];
    const { status, stdout, stderr } = await place.init(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(problem);
    expect(stderr).not.toContain('ERR_INTERNAL');
    expect(await place.read()).toEqual({});
  });

  it.each([
    ['/dba=app_admin', 'app_admin'],
    ['/dba=postgres', 'postgres'],
  ])('is an entry by which nobody could get in: %s', async (grant, role) => {
    const place = await createPlace();
    const { status, stdout, stderr } = await place.init([
      'keycloak',
      '--offline',
      '--url',
      'https://sso.corp.test/realms/staff',
      '--audience',
      'pg',
      '--set',
      'admitted-groups=/dba',
      '--set',
      `group-role=${grant}`,
    ]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(
      `pgtoken: nobody could log in by keycloak: all its roles are protected ("${role}"), and no token may be a protected role\nHINT: Name other roles; protected are "postgres", `,
    );
    expect(await place.read()).toEqual({});
  });

  it('is a token that lives longer than its entry would accept', async () => {
    const place = await createPlace();
    const now = Math.floor(Date.now() / 1000);
    const { status, stdout, stderr } = await place.init(
      ['kubernetes', '--offline', '--token-file', '-'],
      { stdin: await issuer.mint({ aud: 'pg', iat: now, exp: now + 3600 }) },
    );
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(
      'pgtoken: the token lives 1h; entry homelab accepts at most 15m (token.maxLifetime)\nHINT: Get one that lives no longer',
    );
    expect(await place.read()).toEqual({});
  });

  it('is a folder that cannot be written', async () => {
    const place = await createPlace();
    const { status, stdout, stderr } = await place.init([
      'okta',
      '--offline',
      ...optionsOf('okta'),
      '--config',
      '/proc/pgtoken/issuers.yaml',
    ]);
    expect(status).toBe(1);
    expect(stdout).toContain('Kind okta.');
    expect(stderr).toContain('pgtoken: cannot write: ');
  });
});
