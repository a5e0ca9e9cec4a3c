// The systemd units and the pages of an installed package, as systemd and man of each release see them.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { poll } from '../../support/poll.ts';
import { bootMachine, type Machine } from '../machine/machine.ts';
import { readFigure } from '../machine/read-figure.ts';
import { RELEASES } from '../machine/root-folder.ts';

const UNITS = [
  'pgtoken.socket',
  'pgtoken.service',
  'pgtoken-retire.service',
  'pgtoken-retire.timer',
];
const TOGETHER = '/srv/pgtoken_*.deb postgresql-common';
const PAGES = ['pgtoken.1', 'pgtoken-serve.8', 'pam_pgtoken.8', 'issuers.yaml.5'];

describe.each(RELEASES)('on $suite', ({ suite }) => {
  let machine: Machine;

  beforeAll(async () => {
    machine = await bootMachine(suite, {
      prepare: async (root) => {
        await root.put('/srv', inject('packages').current);
        // What makes the user of PostgreSQL, and not the whole of it; what else the package needs comes with it.
        await root.sh(`apt-get -q update; apt-get -q install -y --download-only ${TOGETHER}`);
      },
    });
    await machine.sh(`apt-get -q install -y ${TOGETHER}`);
  });
  afterAll(async () => {
    await machine?.stop();
  });

  const property = async (name: string): Promise<string> =>
    (await machine.sh(`systemctl show --value --property=${name} pgtoken.service`)).trim();

  it('PostgreSQL, installed by the same command, may connect to the socket', async () => {
    expect(await machine.sh("stat -c '%A %U:%G' /run/pgtoken/pgtoken.sock")).toBe(
      'srw-rw---- root:postgres\n',
    );
  });

  it('systemd has nothing to say about the units', async () => {
    const paths = UNITS.map((unit) => `/usr/lib/systemd/system/${unit}`);
    expect(await machine.run(`systemd-analyze verify ${paths.join(' ')}`)).toMatchObject({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('the service is no more exposed than docs/develop/packaging.md says', async () => {
    const bound = readFigure('exposure of pgtoken.service');
    expect(bound).toBeLessThan(2);
    const report = await machine.sh(
      'systemd-analyze security --offline=true --no-pager pgtoken.service',
    );
    const exposure = /exposure level for pgtoken\.service: ([\d.]+) /.exec(report)?.[1];
    expect(Number(exposure)).toBeLessThanOrEqual(bound);
  });

  describe('/etc/default/pgtoken', () => {
    const write = async (defaults: string): Promise<void> => {
      await writeFile(join(machine.root, 'etc/default/pgtoken'), defaults);
    };
    const restart = async (defaults: string): Promise<number | undefined> => {
      await write(defaults);
      return (await machine.run('systemctl restart pgtoken.service')).status;
    };
    let shipped: string;
    beforeAll(async () => {
      shipped = await machine.sh('cat /etc/default/pgtoken');
    });
    afterAll(async () => {
      if ((await restart(shipped)) !== 0) throw new Error('the daemon does not start any more');
    });

    it('is a file of the administrator, whose examples work as soon as they are not comments any more', async () => {
      expect(await machine.sh("dpkg-query --show --showformat='${Conffiles}' pgtoken")).toContain(
        ' /etc/default/pgtoken ',
      );
      expect(await restart(shipped.replaceAll(/^#(?=PGTOKEN_)/gm, ''))).toBe(0);
      const ask =
        'exec 3<>/dev/tcp/127.0.0.1/10432; printf "GET /metrics HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3';
      expect(await machine.sh(`bash -c '${ask}'`)).toContain('\npgtoken_build_info{');
    });

    it('gives options, and nothing that changes what the runtime loads or whom it trusts', async () => {
      const others =
        'NODE_OPTIONS=--inspect\nNODE_EXTRA_CA_CERTS=/srv/ca.pem\nNODE_TLS_REJECT_UNAUTHORIZED=0\nSSL_CERT_FILE=/srv/ca.pem\n';
      const options = 'PGTOKEN_OPTIONS="--deadline 3s --max-connections 99"\n';
      expect(await restart(`${options}${others}`)).toBe(0);
      const pid = await property('MainPID');
      expect(await machine.sh(`tr '\\0' ' ' </proc/${pid}/cmdline`)).toContain(
        ' serve --deadline 3s --max-connections 99 ',
      );
      const environment = await machine.sh(`tr '\\0' '\\n' </proc/${pid}/environ`);
      expect(environment).toContain('PGTOKEN_OPTIONS=');
      expect(environment).not.toMatch(/^(?:NODE_OPTIONS|NODE_EXTRA|NODE_TLS|SSL_CERT)/m);
    });

    it('with an option that does not exist keeps the daemon from starting, and the journal says which', async () => {
      expect(await restart('PGTOKEN_OPTIONS="--no-such"\n')).not.toBe(0);
      expect(await property('ExecMainStatus')).toBe('2');
      expect(
        await machine.sh('journalctl --no-pager --output=cat --lines=20 --unit=pgtoken.service'),
      ).toContain("unknown option '--no-such'");
    });

    it('may be missing', async () => {
      await machine.sh('rm /etc/default/pgtoken');
      expect((await machine.run('systemctl restart pgtoken.service')).status).toBe(0);
    });

    it('says when roles are retired', async () => {
      await write('PGTOKEN_RETIRE_OPTIONS="--unused 90d --no-such"\n');
      expect((await machine.run('systemctl start pgtoken-retire.service')).status).not.toBe(0);
      expect(
        await machine.sh('journalctl --no-pager --output=cat --unit=pgtoken-retire.service'),
      ).toContain("unknown option '--no-such'");
    });
  });

  it('the timer that retires roles is there, and neither enabled nor active', async () => {
    const stateOf = async (verb: string): Promise<string> =>
      (await machine.run(`systemctl ${verb} pgtoken-retire.timer`)).stdout.trim();
    expect(await stateOf('is-enabled')).toBe('disabled');
    expect(await stateOf('is-active')).toBe('inactive');
    // As long as nothing is to be retired anywhere, it says so, within its sandbox.
    const started = await machine.run('systemctl start pgtoken-retire.service');
    expect(started.status).not.toBe(0);
    expect(
      await machine.sh('journalctl --no-pager --output=cat --unit=pgtoken-retire.service'),
    ).toContain('pgtoken: no entry of /etc/pgtoken/issuers.yaml provisions roles');
    await machine.sh(
      'systemctl enable pgtoken-retire.timer && systemctl disable pgtoken-retire.timer',
    );
    expect(await stateOf('is-enabled')).toBe('disabled');
  });

  it('the daemon runs as its own user, with no capability, and cannot write but to its cache', async () => {
    const pid = await property('MainPID');
    const status = await machine.sh(`cat /proc/${pid}/status`);
    expect(status).toMatch(/^CapBnd:\t0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
    expect(await machine.sh(`ps -o user= -p ${pid} 2>/dev/null || stat -c %U /proc/${pid}`)).toBe(
      'pgtoken\n',
    );
    const mayWrite = async (path: string): Promise<boolean> =>
      (await machine.run(`nsenter --target ${pid} --mount -- test -w ${path}`)).status === 0;
    expect(await mayWrite('/var/cache/pgtoken')).toBe(true);
    for (const path of ['/etc/pgtoken', '/usr/lib/pgtoken', '/var/lib', '/home']) {
      expect([path, await mayWrite(path)]).toEqual([path, false]);
    }
  });

  it('a reload reads the configuration again', async () => {
    const loads = async (): Promise<number> =>
      (await machine.sh('journalctl --no-pager --output=cat --unit=pgtoken.service')).split(
        '"msg":"configuration in force"',
      ).length - 1;
    const pid = await property('MainPID');
    const before = await loads();
    await machine.sh('systemctl reload pgtoken.service');
    await poll('the reload', async () => ((await loads()) > before ? true : undefined));
    expect(await property('MainPID')).toBe(pid);
  });

  it.each(PAGES)('man shows %s without a warning', async (page) => {
    const [, name = '', section = ''] = /^(.+)\.(\d)$/.exec(page) ?? [];
    const shown = await machine.run(`MANWIDTH=80 man --warnings ${section} ${name} | cat`);
    expect(shown).toMatchObject({ status: 0, stderr: '' });
    expect(shown.stdout).toMatch(new RegExp(`^${RegExp.escape(name)}\\(${section}\\)`, 'i'));
    expect(shown.stdout).not.toMatch(/@[A-Z]+@/);
  });

  it('bash completes commands, options and files', async () => {
    expect(await complete(machine, 'pgtoken', 'ser')).toEqual(['serve']);
    expect(await complete(machine, 'pgtoken', 'serve', '--so')).toEqual(['--socket']);
    expect(await complete(machine, 'pgtoken', 'serve', '--config', 'iss')).toEqual([
      'issuers.yaml',
    ]);
    expect(await complete(machine, 'pgtoken', 'serve', '--config', '=', '')).toEqual([
      'issuers.yaml',
    ]);
    expect(await complete(machine, 'pgtoken', 'config', 'check', '')).toContain('issuers.yaml');
    expect(await complete(machine, 'pgtoken', 'serve', '--deadline', '')).toEqual(['']);
  });
});

async function complete(machine: Machine, ...words: readonly string[]): Promise<string[]> {
  const script = `cd /etc/pgtoken; . /usr/share/bash-completion/completions/pgtoken
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_pgtoken; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await machine.run('bash -euc "$(cat)"', script);
  return stdout.trim().split('\n');
}
