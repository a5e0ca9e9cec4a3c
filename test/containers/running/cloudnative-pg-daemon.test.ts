// The daemon in the pods of CloudNativePG, beside the operator's own image: the patch of the example on the pod that the operator
// makes, and its containers under the users, capabilities and file systems that they have then.
import { afterAll, beforeAll, expect, inject, it } from 'vitest';

import { poll } from '../../support/poll.ts';
import { ISSUER, type PatchedPod, startPatchedPod } from './start-patched-pod.ts';
import { logIn, ROLE } from './world.ts';

const MODULE = '/pgtoken-module/pam_pgtoken.so';

let pod: PatchedPod;
beforeAll(async () => {
  pod = await startPatchedPod(inject('packages').current);
});
afterAll(async () => {
  await pod?.[Symbol.asyncDispose]();
});

const run = async (where: 'server' | 'daemon', script: string): Promise<string> => {
  const { output } = await pod[where].container.exec(['sh', '-c', script]);
  return output;
};

it('the server and the daemon are as restricted as the pods of the operator, and two users', async () => {
  for (const [where, user] of [
    ['server', '26'],
    ['daemon', '10001'],
  ] as const) {
    const output = await run(
      where,
      'id -u; id -g; grep -E "^(CapBnd|NoNewPrivs)" /proc/1/status; touch /usr/x 2>&1',
    );
    expect(output.split('\n').slice(0, 4)).toEqual([
      user,
      '26',
      'CapBnd:\t0000000000000000',
      'NoNewPrivs:\t1',
    ]);
    expect(output).toContain('Read-only file system');
  }
});

it('the image of the server has no pgtoken, and its container can change neither module nor socket', async () => {
  expect(await run('server', 'command -v pgtoken || echo none')).toBe('none\n');
  const files = [MODULE, '/pgtoken/pgtoken.sock'];
  expect(await run('server', `ls ${files.join(' ')}`)).toBe(`${files.join('\n')}\n`);
  const output = await run('server', `rm -f ${files.join(' ')} 2>&1`);
  expect(output).toBe(
    files.map((file) => `rm: cannot remove '${file}': Read-only file system\n`).join(''),
  );
  for (const folder of ['/pgtoken', '/pgtoken-module']) {
    expect(await run('server', `touch ${folder}/new 2>&1`)).toBe(
      `touch: cannot touch '${folder}/new': Read-only file system\n`,
    );
  }
});

it("the daemon's container has no way to the module that PostgreSQL loads", async () => {
  expect(await run('server', `stat --format=%u:%a ${MODULE}`)).toBe('10002:644\n');
  expect(await run('daemon', 'ls /pgtoken-module 2>&1')).toContain('No such file or directory');
  expect(await run('daemon', 'mkdir /pgtoken-module 2>&1')).toContain('Read-only file system');
  // The only copy that it sees is that of its own image.
  const found = await run('daemon', 'find / -xdev -name pam_pgtoken.so 2>/dev/null || true');
  expect(found).toMatch(/^\/usr\/lib\/[\w-]+\/security\/pam_pgtoken\.so\n$/);
  expect(await run('daemon', `touch ${found.trim()} 2>&1`)).toContain('Permission denied');
});

it('a module that the daemon puts beside its socket is seen by the server and not loaded', async () => {
  const planted = '/pgtoken/pam_pgtoken.so';
  expect(await run('daemon', `echo no library >${planted}; chmod 0644 ${planted}`)).toBe('');
  try {
    expect(await run('server', `cat ${planted}`)).toBe('no library\n');
    await expect(logIn(pod.server, pod.authority, pod.issuer.mint())).resolves.toBe(ROLE);
  } finally {
    await run('daemon', `rm -f ${planted}`);
  }
});

it('a service account logs in from outside, with issuers.yaml of the example', async () => {
  await expect(logIn(pod.server, pod.authority, pod.issuer.mint())).resolves.toBe(ROLE);
  const line = await poll('the decision', () =>
    pod.daemon
      .log()
      .split('\n')
      .find((text) => text.includes('"msg":"decision"')),
  );
  expect(JSON.parse(line)).toMatchObject({ outcome: 'granted', role: ROLE, via: 'pam' });
});

it('a token for another audience is refused, and the log of the server has the reason', async () => {
  const token = pod.issuer.mint({ aud: ISSUER });
  await expect(logIn(pod.server, pod.authority, token)).rejects.toThrow(
    `PAM authentication failed for user "${ROLE}"`,
  );
  const reason = `pgtoken: denied ERR_AUDIENCE_MISMATCH aud is "${ISSUER}"; expected "postgres".`;
  await poll(reason, () => pod.server.log().includes(reason) || undefined);
});
