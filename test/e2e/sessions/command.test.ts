// `pgtoken sessions` against a running daemon and a real server: what it shows, and whom it ends.
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { poll } from '../../support/poll.ts';
import { runPgtoken } from '../../support/run-pgtoken.ts';
import { writeIssuersYAML } from '../../support/write-issuers-yaml.ts';
import { ROLES, runSessions, untilEnds, useSessionHost } from './session-host.ts';

const on = useSessionHost();
const [ONE, TWO] = ROLES;
const LONG = 600;
const NO_DAEMON: unknown = expect.stringMatching(
  /^pgtoken: the daemon cannot be asked at \S+control\.sock: (?:no such socket|nobody listens there)\nHINT: Check that it runs/,
);
const NUMBER: unknown = expect.any(Number);

/** Waits until the daemon knows where its sessions are. */
async function untilPlaced(count: number): Promise<void> {
  await poll(`${count} sessions`, async () => {
    const { stdout } = await runSessions(on, '--json');
    const sessions: unknown = JSON.parse(stdout);
    return Array.isArray(sessions) &&
      sessions.length === count &&
      sessions.every((session: unknown) => JSON.stringify(session).includes('"server"'))
      ? true
      : undefined;
  });
}

describe('pgtoken sessions', () => {
  it('shows who is in, since when, and until when', async () => {
    await using _daemon = await on.start({ end: ['expired'], grace: '0s' });
    const [one, two] = [await on.open(LONG), await on.open(60, { role: TWO })];
    await untilPlaced(2);
    const { status, stdout, stderr } = await runSessions(on);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '))).toEqual([
      'PID | ROLE | ENTRY | SUBJECT OR POD | ADDRESS | SINCE | ENDS IN',
      expect.stringMatching(
        new RegExp(
          `^${one.pid} \\| ${ONE} \\| cluster \\| system:serviceaccount:${ONE} \\| 127\\.0\\.0\\.1 \\| \\d+ s ago \\| 10 min \\(expired\\)$`,
        ),
      ),
      // No sooner than atLeast.
      expect.stringMatching(new RegExp(`^${two.pid} \\| ${TWO} .* \\| 5 min \\(expired\\)$`)),
      '',
    ]);
    await Promise.all([one.close(), two.close()]);
  });

  it('has no line of the token in JSON', async () => {
    await using _daemon = await on.start({});
    const session = await on.open(LONG);
    await untilPlaced(1);
    const { stdout } = await runSessions(on, '--json');
    expect(JSON.parse(stdout)).toEqual([
      {
        id: NUMBER,
        server: 'main',
        pid: session.pid,
        role: ONE,
        issuer: 'cluster',
        service: 'postgresql-k8s',
        subject: `system:serviceaccount:${ONE}`,
        address: '127.0.0.1',
        since: NUMBER,
        expires: NUMBER,
      },
    ]);
    await session.close();
  });

  it('says so where no daemon can be asked', async () => {
    expect(await runSessions(on)).toMatchObject({
      status: 2,
      stdout: '',
      stderr: NO_DAEMON,
    });
  });
});

describe('pgtoken doctor', () => {
  /** What it says of the server that the daemon acts on. */
  const examine = async (): Promise<unknown> => {
    await on.host.installation.writeConfig(writeIssuersYAML([on.entry({})], on.top()));
    const { stdout } = await runPgtoken([
      'doctor',
      '--json',
      `--config=${on.host.installation.config}`,
    ]);
    const { findings } = doctorReport.parse(JSON.parse(stdout));
    return findings.filter(({ subject }) => subject === 'main');
  };
  const peer = () => /user=(\S+)/.exec(on.host.connection)?.[1] ?? '';

  it('says that the daemon may end sessions', async () => {
    expect(await examine()).toMatchObject([
      {
        topic: 'server',
        level: 'ok',
        message: `lets the daemon in as role ${peer()}, which may end sessions`,
      },
    ]);
  });

  it('says which right it lacks, that it is a superuser, and that it is not let in', async () => {
    const { sql } = on.host.cluster;
    await sql(`revoke pg_read_all_stats from "${peer()}"`);
    expect(await examine()).toMatchObject([
      {
        fault: 'server-unprivileged',
        level: 'failure',
        message: `role ${peer()} lacks the rights of pg_read_all_stats, so that no session ends`,
      },
    ]);
    await sql(`grant pg_read_all_stats to "${peer()}"; alter role "${peer()}" superuser`);
    expect(await examine()).toMatchObject([
      {
        fault: 'server-superuser',
        level: 'warning',
        message: `role ${peer()}, as which the daemon acts, is a superuser; expected one with two rights`,
      },
    ]);
    await sql(`alter role "${peer()}" nosuperuser nologin`);
    expect(await examine()).toMatchObject([
      {
        fault: 'server-closed',
        level: 'failure',
        message: `the daemon is not let in as role ${peer()}, so that no session ends: role "${peer()}" is not permitted to log in`,
      },
    ]);
    await sql(`alter role "${peer()}" login`);
  });
});

const doctorReport = z.object({
  findings: z.array(z.looseObject({ subject: z.string() })),
});

describe('pgtoken sessions end', () => {
  it('ends nothing without --yes, and only whom it has shown with it', async () => {
    await using daemon = await on.start({});
    const [one, two] = [await on.open(LONG), await on.open(LONG, { role: TWO })];
    await untilPlaced(2);
    const asked = await runSessions(on, 'end', '--role', ONE);
    expect(asked).toMatchObject({
      status: 0,
      stderr: 'pgtoken: nothing has ended; with --yes 1 session would\n',
    });
    expect(asked.stdout).toContain(`${one.pid}`);
    expect(asked.stdout).not.toContain(`${two.pid}`);
    expect([one.isOpen(), two.isOpen()]).toEqual([true, true]);

    const ended = await runSessions(
      on,
      'end',
      '--role',
      ONE,
      '--entry',
      'cluster',
      '--server',
      'main',
      '--yes',
    );
    expect(ended).toMatchObject({ status: 0, stderr: 'pgtoken: 1 session told to end\n' });
    expect(await one.ended()).toMatchObject({ code: '57P01' });
    expect(await untilEnds(daemon)).toMatchObject([
      {
        cause: 'administrator',
        pid: one.pid,
      },
    ]);
    expect(two.isOpen()).toBe(true);
    await two.close();
  });

  it('ends nobody whom not all of the options mean', async () => {
    await using _daemon = await on.start({});
    const session = await on.open(LONG);
    await untilPlaced(1);
    const nobody = [
      ['--role', 'nobody'],
      ['--pid', '1'],
      ['--subject', 'x', '--role', ONE],
      ['--entry', 'other', '--pid', String(session.pid)],
      ['--server', 'other', '--pid', String(session.pid)],
    ];
    const results = await Promise.all(
      nobody.map(async (which) => runSessions(on, 'end', ...which, '--yes')),
    );
    expect(results).toEqual(nobody.map(() => ({ status: 0, stdout: 'no sessions\n', stderr: '' })));
    expect(session.isOpen()).toBe(true);
    await session.close();
  });

  it('wants to be told which', async () => {
    expect(await runSessions(on, 'end', '--yes')).toEqual({
      status: 2,
      stdout: '',
      stderr:
        'pgtoken: nothing says which sessions are meant\nHINT: Give --pid, --role, --subject, --entry or --server, or several of them.\n',
    });
  });
});
