// `pgtoken doctor` on a host that is in order, and on the same host with one fault at a time in its configuration or among its
// issuers: it names that fault and its fix, and no other. doctor-*.test.ts plant faults elsewhere. Everything is real:
// PostgreSQL, the daemon, issuers over HTTPS, and files of every kind.
import { generateKeyPair } from 'node:crypto';
import { chmod, chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { fault, startExaminedHost, type ExaminedHost } from '../support/examined-host.ts';
import { createOffClockIssuer } from '../doctor/off-clock-issuer.ts';
import { createIssuer } from '../support/issuer.ts';
import { runChecked } from '../support/run-checked.ts';
import { run } from '../support/run.ts';
import { stageInstallation } from '../support/stage-installation.ts';

const generate = promisify(generateKeyPair);
const stack = new AsyncDisposableStack();
let host: ExaminedHost;

beforeAll(async () => {
  host = stack.use(await startExaminedHost());
});

afterAll(async () => {
  await stack.disposeAsync();
});

beforeEach(async () => {
  await host.issuer.recover();
});

describe('on a host in order', () => {
  it('finds nothing', async () => {
    const { status, findings, faults } = await host.examine({ more: [`--db=${host.connection}`] });
    expect({ status, faults }).toEqual({ status: 0, faults: [] });
    expect([...new Set(findings.map(({ topic }) => topic))]).toEqual([
      'config',
      'issuer',
      'clock',
      'keys',
      'service',
      'module',
      'socket',
      'daemon',
      'hba',
      'database',
      'role',
      'pgbouncer',
    ]);
  });

  it('lets a token in, so that there is nothing to find', async () => {
    const login = {
      role: 'foo:myservice',
      password: await host.issuer.mint(),
      over: 'tcp' as const,
    };
    expect(await host.daemonHost.cluster.psql(login)).toMatchObject({
      status: 0,
      stdout: 'foo:myservice\n',
    });
  });

  it('tells a person in lines of at most 80 columns, words that are longer aside', async () => {
    const { status, stdout, stderr } = await host.run();
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const long = stdout.split('\n').filter((line) => line.length > 80);
    expect(long.filter((line) => line.trim().split(/\s+/).length > 2)).toEqual([]);
    expect(stdout).toMatch(/^configuration\n {2}ok {7}\S*issuers\.yaml:/);
    expect(stdout).toMatch(/\n\n0 failures, 0 warnings\n$/);
    expect(stdout).not.toContain('\u{1b}');
  });

  it('says nothing with --quiet', async () => {
    expect(await host.run({ more: ['--quiet'] })).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });
});

describe('names the fault and the fix where, in configuration and issuers,', () => {
  it('there is no configuration', async () => {
    const config = join(await host.newFolder(), 'issuers.yaml');
    expect(await host.faultsOf({ config })).toEqual([
      fault(
        'failure',
        'config-missing',
        config,
        'no such file',
        'Write it with pgtoken init, or name it with --config.',
      ),
    ]);
  });

  it('the configuration trusts nobody, as the package ships it', async () => {
    const config = await host.newConfig();
    expect(await host.faultsOf({ config })).toEqual([
      fault(
        'failure',
        'config-empty',
        config,
        'no issuer is configured, nobody can log in',
        'pgtoken init writes an entry for your issuer; docs/reference/configuration.md has the common case.',
      ),
    ]);
  });

  it('the configuration can be written by others', async () => {
    const config = await host.newConfig(host.entry());
    await chmod(config, 0o666);
    expect(await host.faultsOf({ config })).toEqual([
      fault(
        'failure',
        'config-writable',
        config,
        'mode 0666 lets others than its owner write it; expected 0644 or less',
        `Run:\n  chmod go-w ${config}`,
      ),
    ]);
  });

  it('the configuration belongs to somebody else', async () => {
    const config = await host.newConfig(host.entry());
    await chown(config, 65_534, 65_534);
    expect(await host.faultsOf({ config })).toEqual([
      fault(
        'failure',
        'config-owner',
        config,
        'it belongs to nobody; expected root',
        `Run:\n  chown root ${config}`,
      ),
    ]);
  });

  it('the configuration belongs to the user of the daemon or the server, and is as good', async () => {
    const line = `required ${host.daemonHost.installation.module} mode=exec helper=${host.daemonHost.installation.helper}`;
    const config = await host.newConfig(host.entry());
    const pamDir = await host.newPAMFolder(
      `auth ${line} config=${config}`,
      `account ${line} config=${config}`,
    );
    await runChecked('chown', ['postgres', config]);
    expect(await host.faultsOf({ config, pamDir })).toEqual([]);
    await chmod(config, 0o600);
    expect(await host.faultsOf({ config, pamDir })).toEqual([]);
    await chown(config, 0, 0);
    expect(await host.faultsOf({ config, pamDir })).toEqual([
      fault(
        'failure',
        'config-unreadable',
        config,
        `mode 0600 keeps user postgres from reading ${config}`,
        `Nothing in it is secret: chmod 0644 ${config}`,
      ),
    ]);
  });

  it('the user that reads it may not read a file that it names, and root may', async () => {
    const line = `required ${host.daemonHost.installation.module} mode=exec helper=${host.daemonHost.installation.helper}`;
    const { http: _http, ...entry } = host.entry();
    const config = await host.newConfig({
      ...entry,
      issuer: { url: host.issuer.url, audiences: ['postgres'] },
      keys: { publicKeysFile: 'keys.pem' },
      roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:', shorten: true }],
    });
    const pamDir = await host.newPAMFolder(
      `auth ${line} config=${config}`,
      `account ${line} config=${config}`,
    );
    const keys = join(config, '..', 'keys.pem');
    const { publicKey } = await generate('ec', { namedCurve: 'P-256' });
    await writeFile(keys, publicKey.export({ type: 'spki', format: 'pem' }));
    await chmod(keys, 0o600);
    expect(await host.faultsOf({ config, pamDir })).toMatchObject([
      {
        level: 'failure',
        fault: 'config-invalid',
        message: `issuers[0].keys.publicKeysFile: Invalid value: ${keys} cannot be used: user postgres may not read it`,
        hint: 'Let this user read it and enter the folders above it; if that is yourself, run this as root.',
      },
    ]);

    // By a group of the user it may.
    await runChecked('chgrp', ['postgres', keys]);
    await chmod(keys, 0o640);
    expect(await host.faultsOf({ config, pamDir })).toEqual([]);

    // The user need not be able to read what it takes to check that, which is loaded when it is needed.
    await using closed = await stageInstallation('');
    await chmod(join(closed.folder, 'dist'), 0o700);
    const { stdout, stderr } = await run(closed.command, [
      'doctor',
      `--config=${config}`,
      `--pam-dir=${pamDir}`,
      `--hba=${host.hbaFile}`,
    ]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^configuration\n {2}ok {7}\S+: issuers:\s+homelab\n/);
  });

  it('others can replace the configuration', async () => {
    const config = await host.newConfig(host.entry());
    const above = join(config, '..');
    await chmod(above, 0o777);
    expect(await host.faultsOf({ config })).toEqual([
      fault(
        'failure',
        'config-folder-writable',
        above,
        'owner root, mode 0777: others than root could replace what is in it',
        `Run:\n  chown root ${above} && chmod go-w ${above}`,
      ),
    ]);
  });

  it('the configuration is mounted alone, and was replaced where it is mounted from', async () => {
    const config = await host.newConfig(host.entry());
    const mounted = await host.newFile('issuers.yaml', '');
    const message =
      'its link count is 0: it was replaced or removed where it is mounted from, and what is seen here is the file from before';
    // In a mount namespace of its own, as a container has it.
    const { faults } = await host.examine({
      config: mounted,
      before: [
        'unshare',
        '--mount',
        '--propagation=unchanged',
        'sh',
        '-euc',
        // In a root folder of its own "/" is no mount, and what is mounted is private already.
        'mount --make-rprivate / 2>/dev/null || true; mount --bind "$1" "$2"; cp "$1" "$1.new"; mv "$1.new" "$1"; shift 2; exec "$@"',
        'sh',
        config,
        mounted,
      ],
    });
    expect(faults).toEqual([
      fault(
        'failure',
        'config-unlinked',
        mounted,
        message,
        'Mount the folder that it is in, not the file alone, and start the container again.',
      ),
    ]);
  });

  it('the configuration has problems', async () => {
    const config = await host.newConfig(host.entry({ token: { maxLifetime: '1 day' } }));
    expect((await host.examine({ config })).faults).toMatchObject([
      {
        fault: 'config-invalid',
        message:
          'issuers[0].token.maxLifetime: Invalid value: "1 day": must be a whole number with ms, s, m, h or d, such as "30s", "10m" or "24h"',
        hint: `Correct it, then run:\n  pgtoken config check ${config}`,
      },
    ]);
  });

  it('the file of the certificate authority is missing', async () => {
    const { url } = host.issuer;
    const config = await host.newConfig(
      host.entry({ issuer: { url, certificateAuthorityFile: 'ca.pem', audiences: ['postgres'] } }),
    );
    expect((await host.examine({ config })).faults).toMatchObject([
      {
        fault: 'config-invalid',
        message: `issuers[0].issuer.certificateAuthorityFile: Invalid value: ${join(config, '..', 'ca.pem')} cannot be used: no such file`,
        hint: "Put the certificate of the authority that signed the issuer's there, in PEM.",
      },
    ]);
  });

  it('the configuration does not name the certificate authority', async () => {
    const { url, discoveryURL } = host.issuer;
    const config = await host.newConfig(host.entry({ issuer: { url, audiences: ['postgres'] } }));
    const { faults } = await host.examine({ config });
    expect(faults[0]).toEqual(
      fault(
        'failure',
        'issuer-certificate',
        'homelab',
        `${discoveryURL}: the server's certificate is signed by "pgtoken test authority", which is not in the certificate authorities of this system, and the server sends no certificate between the two (UNABLE_TO_VERIFY_LEAF_SIGNATURE)`,
        'Get the certificate of "pgtoken test authority" and write it in issuer.certificateAuthority; if it is an intermediate, the server may send it along instead.',
      ),
    );
    // What was retrieved by another authority's word does not count.
    expect(faults.map((one) => one.fault)).toEqual(['issuer-certificate', 'keys-none']);
  });

  it('the issuer is not reachable', async () => {
    await host.issuer.fail('refuse');
    expect(await host.faultsOf({})).toEqual([
      fault(
        'failure',
        'issuer-unreachable',
        'homelab',
        `${host.issuer.discoveryURL}: connection refused`,
        'Check host and port of the address, and that the issuer runs.',
      ),
    ]);
  });

  it('one issuer never answers, and another does', async () => {
    await using silent = await createIssuer(host.authority);
    await silent.fail('hang');
    const { url, certificateAuthority } = silent;
    const config = await host.newConfig(
      host.entry(),
      host.entry({
        name: 'silent',
        issuer: { url, certificateAuthority, audiences: ['postgres'] },
        http: { timeout: '300ms' },
      }),
    );
    const { faults } = await host.examine({ config });
    expect(faults.map((one) => [one.fault, one.subject])).toEqual([
      ['issuer-unreachable', 'silent'],
      ['keys-none', 'silent'],
    ]);
    expect(faults[0]?.message).toBe(`${silent.discoveryURL}: no answer in time (http.timeout)`);
  });

  it('the certificate of the issuer is for another host', async () => {
    await host.issuer.fail('wrong-certificate');
    expect(await host.faultsOf({})).toEqual([
      fault(
        'failure',
        'issuer-certificate',
        'homelab',
        `${host.issuer.discoveryURL}: the server's certificate is not for this host name (ERR_TLS_CERT_ALTNAME_INVALID), but for "DNS:other-issuer.example.com"`,
        "Use a name that the issuer's certificate is for, or have it issued for this one.",
      ),
    ]);
  });

  it('the issuer answers something else than keys', async () => {
    await host.issuer.fail('status-500', 'jwks');
    expect(await host.faultsOf({})).toEqual([
      fault(
        'failure',
        'issuer-keys',
        'homelab',
        `${host.issuer.jwksURL} answered 500; expected 200`,
        'Ask who runs the issuer, or what stands in front of it; it is asked again by itself.',
      ),
    ]);
  });

  const CLOCK_HINT =
    'Have this host keep its time from the network (timedatectl set-ntp true, or chronyc makestep), if it is not the issuer that is wrong.';

  it.each([
    [3600, 'clock-wrong', 'behind', 'new tokens count as not yet valid'],
    [-3600, 'clock-wrong', 'ahead of', 'tokens count as expired too early'],
    [125, 'clock-skewed', 'behind', 'new tokens count as not yet valid'],
  ])('the clocks are %i s apart', async (offset, name, which, effect) => {
    await using other = await createOffClockIssuer(host.authority, offset);
    const config = await host.newConfig(
      host.entry({
        issuer: {
          url: other.url,
          certificateAuthority: host.authority.certificate,
          audiences: ['postgres'],
        },
      }),
    );
    const { faults } = await host.examine({ config });
    expect(faults[0]).toEqual(
      fault(
        name === 'clock-wrong' ? 'failure' : 'warning',
        name,
        'homelab',
        `this host's clock is ${Math.abs(offset) === 3600 ? '60' : '2'} min ${which} the issuer's; expected at most 30 s (token.clockSkew): ${effect}`,
        CLOCK_HINT,
      ),
    );
    expect(faults.map((one) => one.fault)).toEqual([name, 'keys-none']);
  });

  it('the issuer tells no time', async () => {
    await using other = await createOffClockIssuer(host.authority, undefined);
    const { url } = other;
    const { certificate: certificateAuthority } = host.authority;
    const config = await host.newConfig(
      host.entry({ issuer: { url, certificateAuthority, audiences: ['postgres'] } }),
    );
    const { faults } = await host.examine({ config });
    expect(faults[0]).toMatchObject({ level: 'warning', fault: 'clock-unknown' });
  });

  it('the daemon keeps no keys of an issuer', async () => {
    const config = await host.newConfig(host.entry({ name: 'new' }));
    expect(await host.faultsOf({ config })).toEqual([
      fault(
        'warning',
        'keys-none',
        'new',
        `none in ${host.daemonHost.cacheFolder} that may be used`,
        'The daemon writes them there: it must run, reach the issuer, and own the folder (mode 0755).',
      ),
    ]);
  });
});
