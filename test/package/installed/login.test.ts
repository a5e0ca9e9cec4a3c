// The life of the package on a host with systemd, PostgreSQL and PAM of each release: an older build, an upgrade to this
// one, README.md's steps exactly as they are written, a login, a broken configuration, removal. In this order, each step
// on what the last one left.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import {
  createCertificateAuthority,
  type CertificateAuthority,
} from '../../support/certificate-authority.ts';
import { readPage } from '../../docs/read-markdown.ts';
import { poll } from '../../support/poll.ts';
import type { RunResult } from '../../support/run.ts';
import { startClusterIssuer, type ClusterIssuer } from '../machine/cluster-issuer.ts';
import { bootMachine, type Machine } from '../machine/machine.ts';
import { readReadmeSteps } from '../machine/readme-steps.ts';
import { RELEASES } from '../machine/root-folder.ts';

const packages = inject('packages');
const steps = readReadmeSteps();
const CONFIG = '/etc/pgtoken/issuers.yaml';
const SOCKET = '/run/pgtoken/pgtoken.sock';
const COMPILE_CACHE = '/usr/lib/pgtoken/compile-cache';
const GRANTED = { status: 0, stdout: 'foo:myservice\n', stderr: '' };
const DENIED =
  'pgtoken: denied ERR_AUDIENCE_MISMATCH aud is "vault"; expected "postgres". HINT: Ask the issuer for a token with this audience; audiences are compared byte for byte.';

describe.each(RELEASES)('on $suite', ({ suite, postgresql }) => {
  let authority: CertificateAuthority;
  let machine: Machine;
  let issuer: ClusterIssuer;
  const inside = (path: string): string => join(machine.root, path);

  beforeAll(async () => {
    authority = await createCertificateAuthority();
    machine = await bootMachine(suite, {
      hosts: ['k8s-oidc.example.com', 'db.example.com'],
      prepare: async (root) => {
        // There is no network in the machine: what apt is going to install is downloaded, and not installed, before.
        await root.put('/srv/older', packages.older);
        await root.put('/root', packages.current);
        await root.sh(
          'apt-get -q update; apt-get -q install -y --download-only /root/pgtoken_*.deb postgresql',
        );
        await writeFile(
          join(root.path, 'usr/local/share/ca-certificates/test.crt'),
          authority.certificate,
        );
        await root.sh('update-ca-certificates');
        // A client, as any driver has it: its own user, and the authority of the server it connects to.
        await root.sh('useradd --create-home client; mkdir /home/client/.postgresql');
        await writeFile(join(root.path, 'home/client/.postgresql/root.crt'), authority.certificate);
      },
    });
    issuer = await startClusterIssuer(machine, 'k8s-oidc.example.com', authority);
  });

  afterAll(async () => {
    await issuer?.[Symbol.asyncDispose]();
    await machine?.stop();
    await authority?.close();
  });

  /** README.md's command of the client, with this token where the pod would have it. */
  const login = async (token: string, query?: string): Promise<RunResult> => {
    // In /run, which the machine alone sees.
    const folder = '/var/run/secrets/tokens';
    await machine.run(`mkdir -p ${folder}; cat >${folder}/postgres`, token);
    return machine.run('cd /; runuser -u client -- sh -c "$(cat)"', withQuery(steps.login, query));
  };
  const serverLog = async (): Promise<string> =>
    readFile(inside(`/var/log/postgresql/postgresql-${postgresql}-main.log`), 'utf8');
  const journal = async (unit: string): Promise<string> =>
    machine.sh(`journalctl --no-pager --output=cat --unit ${unit}`);
  const show = async (unit: string, property: string): Promise<string> =>
    (await machine.sh(`systemctl show --value --property=${property} ${unit}`)).trim();
  const version = async (): Promise<string> =>
    (await machine.sh(`dpkg-query -W -f '\${Version} \${db:Status-Status}' pgtoken`)).trim();
  const socketOwner = async (): Promise<string> =>
    (await machine.sh(`stat -c '%A %U:%G' ${SOCKET}`)).trim();
  const isReady = async (): Promise<unknown> =>
    poll('the daemon ready', async () =>
      (await journal('pgtoken.service')).trimEnd().split('\n').at(-1)?.includes('"msg":"ready"')
        ? true
        : undefined,
    );

  it('an older build is installed where there is no PostgreSQL: it runs, and trusts nobody', async () => {
    await machine.sh('apt-get -q install -y /srv/older/pgtoken_*.deb');
    expect(await version()).toBe('0.1.0~older installed');
    expect(await show('pgtoken.socket', 'ActiveState')).toBe('active');
    expect(await show('pgtoken.service', 'ActiveState')).toBe('active');
    expect(await show('pgtoken.service', 'UnitFileState')).toBe('enabled');
    await isReady();
    expect(await journal('pgtoken.service')).toContain(
      '"msg":"no issuer is configured, nobody can log in"',
    );
    expect(await journal('pgtoken.socket')).toContain(
      `there is no group postgres: only root may connect to ${SOCKET}`,
    );
    expect(await socketOwner()).toBe('srw-rw---- root:root');
    const checked = await machine.run('pgtoken config check');
    expect(checked.status).toBe(1);
    expect(checked.stdout).toContain(': issuers: no issuer is configured, nobody can log in\n');
  });

  it('the upgrade to this one keeps an edited issuers.yaml, and restarts the daemon', async () => {
    const edited = `${await readFile(inside(CONFIG), 'utf8')}\n# edited by hand\n`;
    await writeFile(inside(CONFIG), edited);
    const before = await show('pgtoken.service', 'MainPID');
    const socket = await machine.sh(`stat -c %i ${SOCKET}`);

    await machine.sh(`cd /root; ${steps.install}`);

    expect(await version()).toMatch(/^\d+\.\d+\.\d+ installed$/);
    expect(await readFile(inside(CONFIG), 'utf8')).toBe(edited);
    expect(await show('pgtoken.service', 'MainPID')).not.toBe(before);
    // The socket was there all the time.
    expect(await machine.sh(`stat -c %i ${SOCKET}`)).toBe(socket);
    await isReady();
  });

  it('the compile cache fits, is the one of this build, and only root may write it', async () => {
    const find = async (test: string): Promise<number> =>
      Number(await machine.sh(`find ${COMPILE_CACHE} ${test} | wc -l`));
    expect(await find('-not -user root')).toBe(0);
    expect(await find('-perm /022')).toBe(0);
    expect(await find('-type f')).toBeGreaterThan(5);
    expect(await find('-type f -not -perm -044 -o -type d -not -perm -055')).toBe(0);
    // What Node says of it when another user runs the command, as PostgreSQL does.
    const { stdout, stderr } = await machine.run(
      'cd /; NODE_DEBUG_NATIVE=COMPILE_CACHE PAM_USER=x runuser -u nobody -- pgtoken pam',
      'no token',
    );
    const said = `${stdout}${stderr}`;
    expect(said).toContain('denied ERR_NOT_A_TOKEN');
    expect(said).toMatch(/V8 code cache for CommonJS \S+\/dist\/pgtoken\.cjs was accepted/);
    expect(said).not.toMatch(/was rejected|does not exist/);
  });

  it('PostgreSQL, installed later, may connect to the socket', async () => {
    await machine.sh('apt-get -q install -y postgresql');
    expect(await socketOwner()).toBe('srw-rw---- root:postgres');
    expect(await show('pgtoken.service', 'ActiveState')).toBe('active');
  });

  it('a login with a token works after the steps of README.md', async () => {
    const { key, cert } = await authority.issue(['DNS:db.example.com']);
    const data = `/var/lib/postgresql/${postgresql}/main`;
    await writeFile(inside(`${data}/server.key`), key, { mode: 0o600 });
    await writeFile(inside(`${data}/server.crt`), cert);
    await machine.sh(`
      chown postgres:postgres ${data}/server.key ${data}/server.crt
      cd /
      runuser -u postgres -- psql -q -c "alter system set ssl_cert_file = '${data}/server.crt'" \
        -c "alter system set ssl_key_file = '${data}/server.key'" -c 'select pg_reload_conf()'`);

    for (const [path, text] of steps.files) {
      if (path !== 'pg_hba.conf') await writeFile(inside(path), text);
    }
    // "It stands above broader ones."
    const hba = inside(`/etc/postgresql/${postgresql}/main/pg_hba.conf`);
    await writeFile(hba, `${steps.files.get('pg_hba.conf')}${await readFile(hba, 'utf8')}`);
    for (const commands of steps.finish) await machine.sh(`cd /; set -e; ${commands}`);

    // "The daemon has followed issuers.yaml within a second."
    await poll('the issuer in force', async () =>
      (await journal('pgtoken.service')).includes('"issuers":["homelab"]') ? true : undefined,
    );
    expect(await login(issuer.mint())).toMatchObject(GRANTED);
  });

  it('doctor, run as docs/operate/doctor.md says, asks the server, and knows where Debian lets it listen', async () => {
    const { blocks } = readPage('docs/operate/doctor.md');
    const command = /^pgtoken doctor$/m.exec(blocks[0]?.text ?? '')?.[0];
    const { status, stdout, stderr } = await machine.run(command ?? 'no command');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const told = stdout.replaceAll(/\s+/g, ' '); // lines are broken where the width of a terminal wants it
    expect(told).toContain('answers; its rules are in');
    expect(told).toContain('certificate for DNS:db.example.com');
    expect(told).toContain('listen_addresses is "localhost"');
    expect(stdout).toMatch(/\n\n0 failures, 1 warning\n$/);
  });

  it('config check tells what only root may read, by the name of the user who may not', async () => {
    await machine.sh(`chmod 0600 ${CONFIG}`);
    const checked = await machine.run('pgtoken config check');
    await machine.sh(`chmod 0644 ${CONFIG}`);
    expect(checked).toMatchObject({ status: 1 });
    expect(checked.stdout).toContain(
      `${CONFIG}:1:1: cannot be used: user pgtoken may not read it\n`,
    );
  });

  it("a package of one's own brings issuers.yaml as docs/operate/fleet.md says, and fails with one that has a problem, which leaves the old one", async () => {
    const { blocks } = readPage('docs/operate/fleet.md');
    const block = blocks.find(({ text }) => text.includes('# postinst of '));
    if (block === undefined) throw new Error('docs/operate/fleet.md has no postinst');
    const before = await readFile(inside(CONFIG), 'utf8');
    const install = async (release: string, config: string): Promise<RunResult> => {
      const folder = inside('/root/example-pgtoken');
      await mkdir(join(folder, 'DEBIAN'), { recursive: true });
      await mkdir(join(folder, 'usr/share/example-pgtoken'), { recursive: true });
      await writeFile(join(folder, 'usr/share/example-pgtoken/issuers.yaml'), config);
      await writeFile(join(folder, 'DEBIAN/postinst'), block.text, { mode: 0o755 });
      await writeFile(
        join(folder, 'DEBIAN/control'),
        `Package: example-pgtoken\nVersion: ${release}\nArchitecture: all\nDepends: pgtoken\nMaintainer: Example <root@example.com>\nDescription: issuers of example.com\n`,
      );
      return machine.run(
        'cd /root; dpkg-deb --root-owner-group --build example-pgtoken example.deb && dpkg --install example.deb',
      );
    };
    const another = `${before}# Brought by a package.\n`;
    expect(await install('1', another)).toMatchObject({ status: 0 });
    expect(await readFile(inside(CONFIG), 'utf8')).toBe(another);
    await machine.sh('systemctl reload pgtoken');
    expect(await login(issuer.mint())).toMatchObject(GRANTED);
    const { status, stdout } = await install('2', another.replace('audiences:', 'audience:'));
    expect(status).toBe(1);
    expect(stdout).toContain('issuer.audience: Unknown field, did you mean "audiences"?');
    expect(await readFile(inside(CONFIG), 'utf8')).toBe(another);
    await machine.sh('dpkg --purge example-pgtoken');
    await writeFile(inside(CONFIG), before);
  });

  it('clients may come from elsewhere, and see a certificate, after the commands of docs/start/install.md', async () => {
    const { blocks } = readPage('docs/start/install.md');
    const commands = blocks.find(({ text }) => text.includes('listen_addresses'))?.text;
    const { key, cert } = await authority.issue(['DNS:db.example.com']);
    await writeFile(inside('/root/db.example.com.key'), key, { mode: 0o600 });
    await writeFile(inside('/root/db.example.com.crt'), cert);
    await machine.sh(`cd /root; set -e; ${commands ?? 'no commands'}`);
    const shown = await machine.sh(
      "cd /; runuser -u postgres -- psql -At -c 'show listen_addresses' -c 'show ssl_cert_file'",
    );
    expect(shown).toBe('*\n/etc/postgresql/db.example.com.crt\n');
    expect(await login(issuer.mint())).toMatchObject(GRANTED);
    const doctor = await machine.run('pgtoken doctor');
    expect(doctor.stdout).toMatch(/\n\n0 failures, 0 warnings, 1 note\n$/);
  });

  it('a session ends when its subject is denied, after the commands of docs/operate/sessions.md, also by a daemon that was started again', async () => {
    const { blocks } = readPage('docs/operate/sessions.md');
    const prepare = blocks.find(({ text }) => text.includes('database sql |'))?.text;
    // It may be run again.
    for (let count = 0; count < 2; count++) await machine.sh(`cd /; set -e; ${prepare}`);
    const good = await readFile(inside(CONFIG), 'utf8');
    const watched = `${good}  sessions: {end: [denied]}
servers:
- name: main
  connection: host=/var/run/postgresql port=5432
`;
    await writeFile(inside(CONFIG), watched);
    await machine.sh('systemctl reload pgtoken');

    const session = login(issuer.mint(), 'select pg_sleep(120)');
    const shown = await poll('the session', async () => {
      const { stdout } = await machine.run('pgtoken sessions');
      return stdout.includes('never') ? stdout : undefined;
    });
    expect(shown).toMatch(/\n\d+ +foo:myservice +homelab +.* +\d+ s ago +never\n$/);
    expect(await machine.sh(`stat -c '%a %U' /run/pgtoken-daemon/sessions`)).toBe('600 pgtoken\n');

    await machine.sh('systemctl restart pgtoken');
    const [pid] = /^\d+/m.exec(shown) ?? [];
    expect((await machine.run('pgtoken sessions')).stdout).toMatch(
      new RegExp(`\\n${pid} +foo:myservice +homelab .* never\\n$`),
    );
    const denied = 'deny: {subjects: ["system:serviceaccount:foo:myservice"]}';
    await writeFile(inside(CONFIG), watched.replace('  sessions:', `  ${denied}\n  sessions:`));
    await machine.sh('systemctl reload pgtoken');
    const { status, stderr } = await session;
    expect(status).toBe(2);
    expect(stderr).toContain('FATAL:  terminating connection due to administrator command');
    // A client knows of it before the daemon does.
    const end =
      /"cause":"denied","code":"ERR_DENY_LISTED",.*"server":"main",.*"msg":"session ended"/;
    await poll('the line of its end', async () =>
      end.test(await journal('pgtoken.service')) ? true : undefined,
    );

    await writeFile(inside(CONFIG), good);
    await machine.sh(`systemctl reload pgtoken
      cd /; pgtoken database sql --remove | runuser -u postgres -- psql -q`);
  });

  it('the shipped PAM service says what README.md says', async () => {
    const shipped = await machine.sh(
      `grep -v '^#' /usr/share/pgtoken/pam.d/postgresql-k8s; ls /etc/pam.d`,
    );
    expect(shipped).toContain(steps.files.get('/etc/pam.d/postgresql-k8s'));
  });

  it('a token for somebody else is refused, and the reason stands in the log of PostgreSQL', async () => {
    const result = await login(issuer.mint({ aud: 'vault' }));
    expect(result.status).toBe(2);
    expect(result.stderr).toContain('FATAL:  PAM authentication failed for user "foo:myservice"');
    expect(result.stderr).not.toContain('ERR_');
    expect(await serverLog()).toContain(`LOG:  error from underlying PAM layer: ${DENIED}\n`);
  });

  it('mode=exec works with the installed command, without an option that says where it is', async () => {
    const service = '/etc/pam.d/postgresql-k8s';
    const daemon = await readFile(inside(service), 'utf8');
    await writeFile(
      inside(service),
      daemon.replaceAll('pam_pgtoken.so', 'pam_pgtoken.so mode=exec'),
    );
    await machine.sh('systemctl stop pgtoken.socket');
    expect(await show('pgtoken.service', 'ActiveState')).toBe('inactive');
    expect(await login(issuer.mint())).toMatchObject(GRANTED);
    await writeFile(inside(service), daemon);
    expect((await login(issuer.mint())).status).toBe(2);
    expect(await serverLog()).toContain(
      `pgtoken: unavailable ERR_DAEMON_UNREACHABLE no daemon at ${SOCKET}: No such file or directory. HINT: Start pgtoken.socket, or set mode=exec.`,
    );
  });

  it('the daemon takes the socket of systemd-socket-activate', async () => {
    const activate = [
      'systemd-socket-activate --listen=/run/pgtoken/pgtoken.sock',
      'setpriv --reuid=pgtoken --regid=pgtoken --clear-groups /usr/bin/pgtoken serve',
    ].join(' ');
    await machine.sh(`systemd-run --quiet --unit=by-hand ${activate}`);
    await poll('the socket', async () =>
      (await machine.run(`test -S ${SOCKET}`)).status === 0 ? true : undefined,
    );
    // It leaves owner and mode to whoever runs it: as the unit says.
    const unit = await machine.sh('cat /usr/lib/systemd/system/pgtoken.socket');
    const mode = /^SocketMode=(\d+)$/m.exec(unit)?.[1];
    const share = /^ExecStartPost=(.+)$/m.exec(unit)?.[1];
    await machine.sh(`chmod ${mode} ${SOCKET}; ${share}`);
    expect(await socketOwner()).toBe('srw-rw---- root:postgres');
    // Nobody has started the daemon yet: the login does.
    expect(await journal('by-hand')).not.toContain('"msg":"ready"');
    expect(await login(issuer.mint())).toMatchObject(GRANTED);
    expect(await journal('by-hand')).toContain('"socket":"the socket of systemd"');
    await machine.sh(`systemctl stop by-hand; rm ${SOCKET}; systemctl start pgtoken.socket`);
    expect(await login(issuer.mint())).toMatchObject(GRANTED);
  });

  it('a broken issuers.yaml does not block an upgrade: logins are answered with what is wrong, until it is fixed', async () => {
    const good = await readFile(inside(CONFIG), 'utf8');
    await writeFile(inside(CONFIG), good.replace('audiences', 'audience'));
    const first = `${CONFIG}:4:3: issuers[0].issuer.audiences: Required value: expected a list of audiences`;
    const problem = `${CONFIG}:6:5: issuers[0].issuer.audience: Unknown field, did you mean "audiences"?`;

    const upgrade = await machine.run(
      'apt-get -q install -y --allow-downgrades /srv/older/pgtoken_*.deb',
    );
    expect(upgrade.status).toBe(0);
    expect(upgrade.stderr + upgrade.stdout).toContain(problem);
    expect(await version()).toBe('0.1.0~older installed');
    const upgraded = await machine.run(`cd /root; ${steps.install}`);
    expect(upgraded.status).toBe(0);
    expect(await version()).toMatch(/^\d+\.\d+\.\d+ installed$/);

    // It runs, and is not ready.
    expect(await show('pgtoken.service', 'ActiveState')).toBe('activating');
    const status = await machine.run('systemctl status --no-pager pgtoken.service');
    expect(status.stdout).toContain(`Status: "nobody can log in: ${first}`);
    expect(await journal('pgtoken.service')).toContain(problem.replaceAll('"', '\\"'));
    const restart = await machine.run('systemctl restart pgtoken');
    expect(restart.status).toBe(1);
    expect(restart.stderr).toContain('Job for pgtoken.service timed out.');

    // Many logins are no reason to give up.
    for (let count = 0; count < 12; count += 1) {
      expect((await login(issuer.mint())).status).toBe(2);
    }
    expect(await serverLog()).toContain(`pgtoken: unavailable ERR_CONFIG_INVALID ${first}`);
    expect(await show('pgtoken.service', 'NRestarts')).toBe('0');
    expect(await show('pgtoken.socket', 'ActiveState')).toBe('active');

    await writeFile(inside(CONFIG), good);
    await poll('a login', async () =>
      (await login(issuer.mint())).status === 0 ? true : undefined,
    );
    expect(await show('pgtoken.service', 'ActiveState')).toBe('active');
  });

  it('a reload fails when issuers.yaml is not in force afterwards, and the old one still is', async () => {
    const good = await readFile(inside(CONFIG), 'utf8');
    await writeFile(inside(CONFIG), good.replace('audiences', 'audience'));
    const reload = await machine.run('systemctl reload pgtoken');
    expect(reload.status).toBe(1);
    expect(reload.stderr).toContain('Job for pgtoken.service failed');
    expect(await journal('pgtoken.service')).toContain(
      `pgtoken: the configuration as it is now is not in force\n${CONFIG}:4:3: issuers[0].issuer.audiences: `,
    );
    expect(await show('pgtoken.service', 'StatusText')).toMatch(
      /^1 issuer in force, by an older configuration: \/etc\/pgtoken\/issuers\.yaml:4:3: /,
    );
    expect(await login(issuer.mint())).toMatchObject(GRANTED);
    await writeFile(inside(CONFIG), good);
    await machine.sh('systemctl reload pgtoken');
    expect(await show('pgtoken.service', 'StatusText')).toBe('1 issuer in force');
  });

  it('options that there are not end the daemon and not the socket: a login starts it once they are gone', async () => {
    const dropIn = '/etc/systemd/system/pgtoken.service.d/options.conf';
    await machine.sh(`mkdir -p ${dirname(dropIn)}; printf '[Service]\\nExecStart=\\nExecStart=/usr/bin/pgtoken serve --bogus\\n' >${dropIn}
      systemctl daemon-reload`);
    expect((await machine.run('systemctl restart pgtoken')).status).toBe(1);
    for (let count = 0; count < 12; count += 1) {
      expect((await login(issuer.mint())).status).toBe(2);
    }
    expect(await show('pgtoken.socket', 'ActiveState')).toBe('active');
    await machine.sh(`rm -r ${dirname(dropIn)}; systemctl daemon-reload`);
    expect(await login(issuer.mint())).toMatchObject(GRANTED);
  });

  it('without issuers.yaml the daemon says so, and grants as soon as it is there', async () => {
    const good = await readFile(inside(CONFIG), 'utf8');
    await rm(inside(CONFIG));
    expect((await machine.run('systemctl restart pgtoken')).status).toBe(1);
    const problem = `${CONFIG}:1:1: cannot be used: no such file`;
    expect(await show('pgtoken.service', 'StatusText')).toBe(`nobody can log in: ${problem}`);
    expect((await login(issuer.mint())).status).toBe(2);
    expect(await serverLog()).toContain(`pgtoken: unavailable ERR_CONFIG_INVALID ${problem}`);
    await writeFile(inside(CONFIG), good);
    await poll('a login', async () =>
      (await login(issuer.mint())).status === 0 ? true : undefined,
    );
  });

  it('a user who may not read the configuration is told so', async () => {
    await machine.sh(`chmod 0640 ${CONFIG}`);
    const result = await machine.run('runuser -u client -- pgtoken config check');
    await machine.sh(`chmod 0644 ${CONFIG}`);
    expect(result.status).toBe(1);
    expect(result.stdout).toBe(
      `${CONFIG}:1:1: cannot be used: user client may not read it\n  HINT: Let this user read it and enter the folders above it, or run pgtoken as a user who may.\n`,
    );
  });

  it('removal stops the daemon and leaves the configuration, purging leaves nothing', async () => {
    const config = await readFile(inside(CONFIG), 'utf8');
    expect(await machine.sh('ls ~postgres/.cache/pgtoken')).toContain('issuers.yaml.json\n');
    await machine.sh('apt-get -q remove -y pgtoken');
    expect(await show('pgtoken.service', 'ActiveState')).toBe('inactive');
    expect(await show('pgtoken.socket', 'ActiveState')).toBe('inactive');
    expect(await readFile(inside(CONFIG), 'utf8')).toBe(config);
    expect((await machine.run('ls -d /usr/lib/pgtoken')).status).not.toBe(0);
    expect((await login(issuer.mint())).status).toBe(2);

    await machine.sh('apt-get -q purge -y pgtoken');
    const left = await machine.sh(
      `find / -xdev -name '*pgtoken*' -not -path '/proc/*' -not -path '/root/*' -not -path '/srv/older/*'; getent passwd pgtoken || getent group pgtoken || :`,
    );
    expect(left).toBe('');
    // What the administrator has put there is the administrator's.
    expect(await readFile(inside('/etc/pam.d/postgresql-k8s'), 'utf8')).toBe(
      steps.files.get('/etc/pam.d/postgresql-k8s'),
    );
  });

  it('README.md installs what npm run package makes', () => {
    expect(steps.install.trim()).toBe('apt install ./pgtoken_*_"$(dpkg --print-architecture)".deb');
    expect(basename(packages.current)).toMatch(/^pgtoken_\d+\.\d+\.\d+_\w+\.deb$/);
  });
});

/** The command logs in and asks nothing; what it is told to ask shows who it has become. */
function withQuery(command: string, query = 'select current_user'): string {
  return `${command.trimEnd()} -At -c '${query}'\n`;
}
