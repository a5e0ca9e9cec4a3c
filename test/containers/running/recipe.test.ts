// The recipe for the official images, on each release with its own PostgreSQL: the image is made by its steps, started as
// the compose files say, and logged in to from outside through a published port.
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { getContainerRuntimeClient } from 'testcontainers';

import { CHECKOUT } from '../../package/machine/root-folder.ts';
import {
  createCertificateAuthority,
  type CertificateAuthority,
} from '../../support/certificate-authority.ts';
import { poll } from '../../support/poll.ts';
import { writeIssuersYAML } from '../../support/write-issuers-yaml.ts';
import { buildImage, type Image } from '../build-image.ts';
import { startServices, type Service, type Services } from '../start-services.ts';
import { readExamples } from '../read-examples.ts';
import {
  connect,
  createConfiguration,
  logIn,
  ROLE,
  startIssuer,
  type ConfigurationFolder,
  type RunningIssuer,
} from './world.ts';

/** Releases with the PostgreSQL that their archive offers; 18 is in the one after Debian 13. */
const BASES = [
  { suite: 'bookworm', postgresql: '15' },
  { suite: 'trixie', postgresql: '17' },
  { suite: 'forky', postgresql: '18' },
] as const;
const REFUSED = `PAM authentication failed for user "${ROLE}"`;
const REASON = /LOG: {2}error from underlying PAM layer: (.*)\n/;
const DENIED =
  'pgtoken: denied ERR_AUDIENCE_MISMATCH aud is "vault"; expected "postgres". HINT: Ask the issuer for a token with this audience; audiences are compared byte for byte.';
/** The commands of all processes, one a line, after their IDs. */
const PROCESSES = `for process in /proc/[0-9]*; do
  echo "\${process#/proc/} $(tr '\\0' ' ' <$process/cmdline)"
done 2>/dev/null`;

type Client = Awaited<ReturnType<typeof getContainerRuntimeClient>>;
/** A container as the engine knows it: testcontainers removes what it stops. */
const rawOf = async ({
  container,
}: Service): Promise<ReturnType<Client['container']['dockerode']['getContainer']>> => {
  const client = await getContainerRuntimeClient();
  return client.container.dockerode.getContainer(container.getId());
};

describe.each(BASES)('on $suite with PostgreSQL $postgresql', (base) => {
  const stack = new AsyncDisposableStack();
  let authority: CertificateAuthority;
  let image: Image;
  let issuer: RunningIssuer;
  let folder: ConfigurationFolder;

  beforeAll(async () => {
    authority = stack.use(await createCertificateAuthority());
    image = await buildImage(base, 'packaging/container/Containerfile', inject('packages').current);
    stack.defer(image.remove);
    issuer = stack.use(await startIssuer(image, authority, 'k8s-oidc.example.com'));
    const { hba, sql } = readExamples();
    folder = stack.use(await createConfiguration(image, authority, hba, sql));
    await writeIssuers('postgres');
  });
  afterAll(async () => {
    await stack.disposeAsync();
  });

  const writeIssuers = async (audience: string): Promise<void> => {
    const path = join(folder.path, 'pgtoken', 'issuers.yaml');
    const text = writeIssuersYAML([
      {
        name: 'homelab',
        issuer: {
          url: `https://${issuer.host}`,
          audiences: [audience],
          certificateAuthority: authority.certificate,
        },
        roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
      },
    ]);
    // As configuration management does it: another file in its place, which a file that is mounted by itself would not show.
    await writeFile(`${path}.new`, text);
    await chmod(`${path}.new`, 0o644);
    await rename(`${path}.new`, path);
  };
  const start = async (file: string): Promise<Services> =>
    startServices(join(CHECKOUT, 'packaging/container', file), {
      image,
      folder: folder.path,
      hosts: [issuer],
    });
  const isReady = async (service: Service, times = 1): Promise<unknown> =>
    poll('the daemon ready', () =>
      service.log().split('"msg":"ready"').length > times ? true : undefined,
    );
  /** For poll: whether a token logs in by now. */
  const admits = async (database: Service, token: string): Promise<string | undefined> =>
    logIn(database, authority, token).catch(() => undefined);
  /** Fails to log in. @returns why, as the log of the server has it */
  const reasonFor = async (database: Service, token: string): Promise<string> => {
    const before = database.log().length;
    await expect(logIn(database, authority, token)).rejects.toThrow(REFUSED);
    return poll('the reason', () => REASON.exec(database.log().slice(before))?.[1]);
  };

  describe('the daemon in the same container', () => {
    let services: Services;
    let database: Service;

    beforeAll(async () => {
      services = await start('compose.yaml');
      database = services.get('database');
      await isReady(database);
    });
    afterAll(async () => {
      await services?.[Symbol.asyncDispose]();
    });

    it('a token logs in from outside', async () => {
      const client = await connect(database, authority, issuer.mint());
      const { rows } = await client.query<{ version: string }>(
        "select current_user as is, split_part(current_setting('server_version'), '.', 1) as version, ssl from pg_stat_ssl where pid = pg_backend_pid()",
      );
      await client.end();
      expect(rows).toEqual([{ is: ROLE, version: base.postgresql, ssl: true }]);
    });

    it('a token for somebody else is refused, and the log of the container has the reason', async () => {
      expect(await reasonFor(database, issuer.mint({ aud: 'vault' }))).toBe(DENIED);
    });

    it('a token is no other role', async () => {
      await expect(logIn(database, authority, issuer.mint(), 'foo:other')).rejects.toThrow(
        'PAM authentication failed for user "foo:other"',
      );
    });

    it('the daemon runs as its own user, and the server may connect to its socket', async () => {
      const { output } = await database.container.exec([
        'stat',
        '-c',
        '%A %U:%G',
        '/run/pgtoken',
        '/run/pgtoken/pgtoken.sock',
      ]);
      expect(output).toBe('drwxr-xr-x pgtoken:pgtoken\nsrw-rw---- pgtoken:pgtoken\n');
    });

    it('the image has the PAM service of the package', async () => {
      const shipped = await readFile(join(CHECKOUT, 'packaging/pam.d/postgresql-k8s'), 'utf8');
      const { output } = await database.container.exec(['cat', '/etc/pam.d/postgresql-k8s']);
      expect(output).toBe(shipped);
    });

    it('a daemon that is killed comes back, and ends no session', async () => {
      const session = await connect(database, authority, issuer.mint());
      const processes = await database.container.exec(['sh', '-c', PROCESSES]);
      const [, daemon = ''] = /^(\d+) pgtoken serve/m.exec(processes.output) ?? [];
      const killed = await database.container.exec(['sh', '-c', `kill -KILL ${daemon}`]);
      expect(killed).toMatchObject({ exitCode: 0, output: '' });
      await isReady(database, 2);
      await expect(logIn(database, authority, issuer.mint())).resolves.toBe(ROLE);
      await expect(session.query('select 1 as one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
      await session.end();
      expect(database.log()).not.toContain('terminating any other active server processes');
    });

    it('the signal of the official images stops all of it, and the server shuts down', async () => {
      const raw = await rawOf(database);
      await raw.kill({ signal: 'SIGINT' });
      expect(await raw.wait()).toMatchObject({ StatusCode: 0 });
      await poll('the end of the server', () =>
        database.log().includes('database system is shut down') ? true : undefined,
      );
      expect(database.log()).toContain('received fast shutdown request');
    });
  });

  describe('the daemon as a sidecar', () => {
    let services: Services;
    let database: Service;
    let sidecar: Service;

    beforeAll(async () => {
      await writeIssuers('postgres');
      services = await start('compose-sidecar.yaml');
      database = services.get('database');
      sidecar = services.get('pgtoken');
      await isReady(sidecar);
    });
    afterAll(async () => {
      await services?.[Symbol.asyncDispose]();
    });

    it('a token logs in from outside', async () => {
      await expect(logIn(database, authority, issuer.mint())).resolves.toBe(ROLE);
      await poll('the audit line', () =>
        sidecar.log().includes(`"role":"${ROLE}"`) ? true : undefined,
      );
    });

    it('a token for somebody else is refused, and the log of the server has the reason', async () => {
      expect(await reasonFor(database, issuer.mint({ aud: 'vault' }))).toBe(DENIED);
    });

    it('the container of the server has no daemon and no issuer', async () => {
      const processes = await database.container.exec(['sh', '-c', PROCESSES]);
      expect(processes.output).toContain(' postgres -c hba_file=');
      expect(processes.output).not.toContain('pgtoken');
      const config = await database.container.exec(['cat', '/etc/pgtoken/issuers.yaml']);
      expect(config.output).toContain('\nissuers: []\n');
    });

    it('a changed issuers.yaml is followed', async () => {
      await writeIssuers('vault');
      expect(
        await poll('the new configuration', async () =>
          admits(database, issuer.mint({ aud: 'vault' })),
        ),
      ).toBe(ROLE);
      await writeIssuers('postgres');
      expect(await poll('the old configuration', async () => admits(database, issuer.mint()))).toBe(
        ROLE,
      );
    });

    it('without the sidecar nobody logs in, and with it again they do', async () => {
      const raw = await rawOf(sidecar);
      await raw.stop();
      expect(await reasonFor(database, issuer.mint())).toContain(
        'pgtoken: unavailable ERR_DAEMON_UNREACHABLE no daemon at /run/pgtoken/pgtoken.sock: ',
      );
      await raw.start();
      expect(await poll('a login', async () => admits(database, issuer.mint()))).toBe(ROLE);
    });
  });
});
