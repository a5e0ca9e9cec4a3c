// A system without systemd, as in a container: the package is installed all the same, the daemon is started by hand, and
// purging leaves the file system as it was.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

import { makeRoot, RELEASES, type RootFolder } from '../machine/root-folder.ts';

/** Everything but what apt and dpkg remember of any package. */
const LIST_FILES = `find / -xdev \\( -path /proc -o -path /dev -o -path /srv -o -path /var/lib/dpkg -o -path /var/lib/apt \
  -o -path /var/cache/apt -o -path /var/log -o -path /var/cache/ldconfig -o -path /etc/ld.so.cache \
  -o -name '*-' \\) -prune -o -printf '%P %M %u %g\\n' | LC_ALL=C sort; sort /etc/passwd /etc/group`;

describe.each(RELEASES)('on $suite', ({ suite }) => {
  let root: RootFolder;
  let before: string;

  beforeAll(async () => {
    // What it depends on, so that all that comes later is its own.
    root = await makeRoot(suite, [
      'systemd-standalone-sysusers',
      'libatomic1',
      'libstdc++6',
      'libpam0g',
    ]);
    await root.put('/srv', inject('packages').current);
    before = await root.sh(LIST_FILES);
  });
  afterAll(async () => {
    await root?.remove();
  });

  it('is installed without systemd, and without PostgreSQL', async () => {
    const installed = await root.sh(
      'apt-get -q install -y --no-install-recommends /srv/pgtoken_*.deb; dpkg-query -W',
    );
    expect(installed).toMatch(/^pgtoken\t/m);
    expect(installed).not.toMatch(/^(?:systemd|postgresql.*)\t/m);
    expect(await root.sh('getent passwd pgtoken')).toMatch(
      /^pgtoken:x:\d+:\d+:pgtoken daemon:\/nonexistent:\/usr\/sbin\/nologin$/m,
    );
  });

  it('the command runs, as any user', async () => {
    const version = await root.sh(`dpkg-query -W -f '\${Version}' pgtoken`);
    expect(await root.sh('runuser -u nobody -- pgtoken --version')).toBe(`${version}\n`);
    const checked = await root.run('runuser -u nobody -- pgtoken config check');
    expect(checked.status).toBe(1);
    expect(checked.stdout).toMatch(
      /^\/etc\/pgtoken\/issuers\.yaml:\d+:1: issuers: no issuer is configured, nobody can log in\n/,
    );
  });

  it('the daemon can be started by hand, as docs/start/install.md says', async () => {
    const log = await root.sh(`
      install -d -o pgtoken -g pgtoken -m 0755 /run/pgtoken /var/cache/pgtoken
      usermod --append --groups pgtoken nobody
      setpriv --reuid=pgtoken --regid=pgtoken --clear-groups pgtoken serve &
      tries=0; until [ -S /run/pgtoken/pgtoken.sock ] || [ $tries -gt 200 ]; do sleep 0.1; tries=$((tries + 1)); done
      kill $!; wait $!`);
    expect(log).toContain('"socket":"/run/pgtoken/pgtoken.sock"');
  });

  it('purging it leaves nothing', async () => {
    await root.sh('apt-get -q purge -y pgtoken');
    expect(await root.sh(LIST_FILES)).toBe(before);
  });

  it('is installed, and works, where the compile cache cannot be made', async () => {
    // Nowhere to work in: mktemp fails.
    const installed = await root.run(
      'TMPDIR=/nonexistent apt-get -q install -y --no-install-recommends /srv/pgtoken_*.deb',
    );
    expect(installed).toMatchObject({ status: 0 });
    expect(installed.stdout + installed.stderr).toContain(
      'pgtoken: no compile cache was made, and logins with mode=exec take longer',
    );
    expect((await root.run('ls -d /usr/lib/pgtoken/compile-cache')).status).not.toBe(0);
    expect((await root.run('pgtoken config check')).stdout).toContain(
      ': issuers: no issuer is configured, ',
    );
    await root.sh('apt-get -q purge -y pgtoken');
    expect(await root.sh(LIST_FILES)).toBe(before);
  });
});
