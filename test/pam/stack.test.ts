// The module in every position of a PAM stack, through the real libpam: what the whole stack answers.
import { beforeAll, describe, expect, test } from 'vitest';
import {
  acct,
  auth,
  build,
  cred,
  denied,
  fakeDaemon,
  field,
  granted,
  LOG_DEBUG,
  LOG_NOTICE,
  loginSteps,
  pam,
  PAM_ERROR_MSG,
  PAM_SILENT,
  sanitized,
  shipped,
  stack,
  start,
  step,
  token,
  unavailable,
  type Daemon,
} from './support.ts';

beforeAll(build);

const replies: Record<string, string> = {
  granted: 'granted',
  denied: 'denied ERR_TOKEN_EXPIRED the token expired at noon',
  unavailable: 'unavailable ERR_KEYS_UNAVAILABLE no keys of issuer prod-eu',
};

/** A daemon whose answer is chosen by the user's name. */
async function daemonByUser(): Promise<Daemon> {
  return fakeDaemon({
    request: (socket, request) =>
      socket.end(`${replies[field(request, 'PAM_USER') ?? ''] ?? ''}\0`),
  });
}

const permit = 'auth required pam_permit.so';
const deny = 'auth required pam_deny.so';
const own = {
  denied: 'PAM_AUTH_ERR',
  unavailable: 'PAM_AUTHINFO_UNAVAIL',
  'bad option': 'PAM_SERVICE_ERR',
};
const all = (code: string): typeof own => ({ denied: code, unavailable: code, 'bad option': code });
const binding = '[success=done new_authtok_reqd=done ignore=ignore default=bad]';

// Each row: lines before, control of the module, lines after, what the stack answers when the module does not grant.
// When it does, every one of them answers PAM_SUCCESS.
const positions: [string[], string, string[], typeof own][] = [
  [[], 'required', [], own],
  [[], 'required', [permit], own],
  [[permit], 'required', [], own],
  [[], 'requisite', [], own],
  [[], 'requisite', [permit], own],
  [[permit], 'requisite', [], own],
  [[], '[success=done default=die]', [], own],
  [[], '[success=done default=die]', [permit], own],
  [[permit], '[success=done default=die]', [], own],
  [[], binding, [], own],
  [[], binding, [permit], own],
  [[permit], binding, [], own],
  [[], 'sufficient', [], all('PAM_PERM_DENIED')],
  [[], 'sufficient', [deny], all('PAM_AUTH_ERR')],
  [[], '[success=done default=ignore]', [], all('PAM_PERM_DENIED')],
  [[], '[success=done default=ignore]', [deny], all('PAM_AUTH_ERR')],
  [[], '[success=1 default=ignore]', ['auth requisite pam_deny.so', permit], all('PAM_AUTH_ERR')],
  [[], 'optional', [], all('PAM_PERM_DENIED')],
  // An administrator who lets others in regardless gets what is written there.
  [[], 'sufficient', [permit], all('PAM_SUCCESS')],
  [[permit], 'sufficient', [], all('PAM_SUCCESS')],
  [[], 'optional', [permit], all('PAM_SUCCESS')],
  [[permit], 'optional', [], all('PAM_SUCCESS')],
];

describe.concurrent.each([shipped, sanitized])('$name', (using) => {
  test.each(positions)(
    'stacked as %j %s %j it answers as the table says',
    async (before, control, after, codes) => {
      const daemon = await daemonByUser();
      const lines = (options: string): string[] => [
        ...before,
        `auth ${control} MODULE socket=${daemon.path} ${options}`,
        ...after,
      ];
      const results = await pam(using, { postgresql: lines(''), broken: lines('bogus') }, [
        ...loginSteps({ user: 'granted' }),
        ...loginSteps({ user: 'denied' }),
        ...loginSteps({ user: 'unavailable' }),
        ...loginSteps({ user: 'granted', service: 'broken' }),
      ]);
      expect(results.map((result) => result.code)).toEqual([
        'PAM_SUCCESS',
        codes.denied,
        codes.unavailable,
        codes['bad option'],
      ]);
    },
  );

  test('a login runs authenticate, acct_mgmt and setcred', async () => {
    const daemon = await daemonByUser();
    const results = await pam(using, { postgresql: stack([`socket=${daemon.path}`]) }, [
      ...loginSteps({ user: 'granted' }),
      acct(),
      cred(),
    ]);
    expect(results).toMatchObject([granted, granted, granted]);
    expect(daemon.connections).toBe(1);
  });

  const unproven =
    "denied ERR_ROLE_NOT_PERMITTED no token was accepted before this account check. HINT: Let the service's auth line be pam_pgtoken.so as well.";

  test('acct_mgmt without authenticate is refused', async () => {
    const [result] = await pam(using, { postgresql: stack([]) }, [
      start('postgresql', 'foo'),
      acct(),
    ]);
    expect(result).toMatchObject(denied(unproven));
  });

  test('acct_mgmt is refused on a handle other than the one that was authenticated', async () => {
    const daemon = await daemonByUser();
    const results = await pam(using, { postgresql: stack([`socket=${daemon.path}`]) }, [
      ...loginSteps({ user: 'granted' }),
      start('postgresql', 'granted'),
      acct(),
    ]);
    expect(results).toMatchObject([
      granted,
      denied(unproven, 'service=postgresql rhost=- user=granted'),
    ]);
  });

  test('acct_mgmt is refused after another module authenticated', async () => {
    const lines = ['auth required pam_permit.so', 'account required MODULE'];
    const results = await pam(using, { postgresql: lines }, [...loginSteps(), acct()]);
    expect(results).toMatchObject([granted, denied(unproven)]);
  });

  test('acct_mgmt is refused once PAM_USER has changed, and granted again when it is back', async () => {
    const daemon = await daemonByUser();
    const results = await pam(using, { postgresql: stack([`socket=${daemon.path}`]) }, [
      ...loginSteps({ user: 'granted' }),
      step('user', 'postgres'),
      acct(),
      step('user', 'granted'),
      acct(),
    ]);
    const line =
      'denied ERR_ROLE_NOT_PERMITTED the token was accepted for another PAM_USER or PAM_SERVICE';
    expect(results).toMatchObject([
      granted,
      denied(line, 'service=postgresql rhost=- user=postgres'),
      granted,
    ]);
  });

  test('acct_mgmt is refused once PAM_SERVICE has changed', async () => {
    const daemon = await daemonByUser();
    const lines = stack([`socket=${daemon.path}`]);
    const results = await pam(using, { postgresql: lines, other: lines }, [
      ...loginSteps({ user: 'granted' }),
      step('service', 'other'),
      acct(),
    ]);
    const line =
      'denied ERR_ROLE_NOT_PERMITTED the token was accepted for another PAM_USER or PAM_SERVICE';
    expect(results.map((result) => result.code)).toEqual(['PAM_SUCCESS', 'PAM_AUTH_ERR']);
    // More than one, because libpam keeps the lines of the first service in the stack.
    expect(results[1]?.messages).toContainEqual({ style: PAM_ERROR_MSG, text: `pgtoken: ${line}` });
  });

  test.each(['denied', 'unavailable'])(
    'a second authenticate that is %s revokes the first',
    async (second) => {
      const daemon = await fakeDaemon({
        request: (socket, _, count) => socket.end(`${count === 1 ? 'granted' : replies[second]}\0`),
      });
      const results = await pam(using, { postgresql: stack([`socket=${daemon.path}`]) }, [
        ...loginSteps(),
        auth(),
        acct(),
      ]);
      const refused = second === 'denied' ? denied : unavailable;
      expect(results).toMatchObject([granted, refused(replies[second]!), denied(unproven)]);
    },
  );

  test('a second authenticate without a token revokes the first', async () => {
    const daemon = await daemonByUser();
    const results = await pam(using, { postgresql: stack([`socket=${daemon.path}`]) }, [
      ...loginSteps({ user: 'granted' }),
      'no-token',
      auth(),
      acct(),
    ]);
    expect(results.map((result) => result.code)).toEqual([
      'PAM_SUCCESS',
      'PAM_AUTHINFO_UNAVAIL',
      'PAM_AUTH_ERR',
    ]);
  });

  test('a second authenticate with wrong options revokes the first', async () => {
    const daemon = await daemonByUser();
    const services = {
      postgresql: stack([`socket=${daemon.path}`]),
      broken: ['auth required MODULE bogus', 'account required MODULE'],
    };
    const results = await pam(using, services, [
      ...loginSteps({ user: 'granted' }),
      step('service', 'broken'),
      auth(),
      step('service', 'postgresql'),
      acct(),
    ]);
    expect(results.map((result) => result.code)).toEqual([
      'PAM_SUCCESS',
      'PAM_SERVICE_ERR',
      'PAM_AUTH_ERR',
    ]);
  });

  test.each(['drop', 'keep'])('without memory to %s a grant nobody is let in', async (which) => {
    const daemon = await daemonByUser();
    const results = await pam(using, { postgresql: stack([`socket=${daemon.path}`]) }, [
      ...loginSteps({ user: 'granted' }),
      step('no-memory', which),
      auth(),
    ]);
    expect(results.map((result) => result.code)).toEqual(['PAM_SUCCESS', 'PAM_BUF_ERR']);
  });

  test('a grant that cannot be kept leaves none from before', async () => {
    const daemon = await daemonByUser();
    const results = await pam(using, { postgresql: stack([`socket=${daemon.path}`]) }, [
      ...loginSteps({ user: 'granted' }),
      step('no-memory', 'keep'),
      auth(),
      acct(),
    ]);
    expect(results.map((result) => result.code)).toEqual([
      'PAM_SUCCESS',
      'PAM_BUF_ERR',
      'PAM_AUTH_ERR',
    ]);
  });

  test('setcred succeeds, and opens nothing', async () => {
    const results = await pam(using, { postgresql: stack([]) }, [
      start('postgresql', 'foo'),
      cred(),
      acct(),
    ]);
    expect(results).toMatchObject([granted, denied(unproven)]);
  });

  test('PAM_SILENT keeps the reason from the application, not from syslog', async () => {
    const daemon = await daemonByUser();
    const names = '(service=postgresql rhost=- user=denied)';
    const results = await pam(using, { postgresql: stack([`socket=${daemon.path}`]) }, [
      ...loginSteps({ user: 'denied', flags: PAM_SILENT }),
      acct(PAM_SILENT),
    ]);
    expect(results).toMatchObject([
      {
        code: 'PAM_AUTH_ERR',
        messages: [],
        log: [{ priority: LOG_NOTICE, text: `${replies['denied']} ${names}` }],
      },
      {
        code: 'PAM_AUTH_ERR',
        messages: [],
        log: [{ priority: LOG_NOTICE, text: `${unproven} ${names}` }],
      },
    ]);
  });

  test.each(['no-token', 'null-token'])(
    'a conversation that ends in %s is unavailable, quietly, and nobody is asked',
    async (answer) => {
      const daemon = await daemonByUser();
      const [result] = await pam(using, { postgresql: stack([`socket=${daemon.path}`]) }, [
        start('postgresql', 'granted'),
        answer,
        auth(),
      ]);
      expect(result?.code).toBe('PAM_AUTHINFO_UNAVAIL');
      expect(result?.messages.filter(({ text }) => text.startsWith('pgtoken'))).toEqual([]);
      expect(result?.log.filter(({ text }) => !text.startsWith('conversation failed'))).toEqual([]);
      expect(daemon.requests).toEqual([]);
    },
  );

  test('with debug a conversation without a token and a grant leave a line', async () => {
    const daemon = await daemonByUser();
    const results = await pam(using, { postgresql: stack([`socket=${daemon.path}`, 'debug']) }, [
      start('postgresql', 'granted'),
      'no-token',
      auth(),
      token('t'),
      auth(),
    ]);
    expect(results[0]?.log.at(-1)?.text).toMatch(/^the conversation yields no token: /);
    expect(results[1]).toMatchObject({
      code: 'PAM_SUCCESS',
      messages: [],
      log: [{ priority: LOG_DEBUG }],
    });
    expect(results[1]?.log[0]?.text).toMatch(/^granted with mode=daemon in \d+ ms$/);
  });
});
