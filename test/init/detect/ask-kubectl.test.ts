// What kubectl tells, as it writes it; and that nothing of its credentials is kept.
import { describe, expect, it } from 'vitest';

import { askKubectl, type RunKubectl } from '../../../src/init/detect/ask-kubectl.ts';

const CONFIG = {
  'current-context': 'homelab',
  clusters: [
    {
      name: 'homelab',
      cluster: {
        server: 'https://10.0.0.10:6443',
        'certificate-authority-data': Buffer.from('-----BEGIN CERTIFICATE-----').toString('base64'),
      },
    },
  ],
  users: [{ name: 'admin', user: { token: 'eyJhbGciOiJSUzI1NiJ9.c2VjcmV0.c2VjcmV0' } }],
};
const DISCOVERY = { issuer: 'https://kubernetes.default.svc.cluster.local', jwks_uri: 'https://x' };
const JWKS = { keys: [{ kty: 'RSA', kid: 'k' }] };

/** kubectl as it answers, by the second or third word. */
function kubectl(answers: Readonly<Record<string, unknown>>, asked: string[][] = []): RunKubectl {
  return async (args) => {
    asked.push([...args]);
    const answer = answers[args[0] === 'config' ? 'config' : (args[2] ?? '')];
    return answer instanceof Error
      ? { ok: false, text: answer.message }
      : { ok: true, text: typeof answer === 'string' ? answer : JSON.stringify(answer) };
  };
}
const GOOD = {
  config: CONFIG,
  '/.well-known/openid-configuration': DISCOVERY,
  '/openid/v1/jwks': JWKS,
};

describe('kubectl', () => {
  it('tells issuer, keys, certificate authority and address, and nothing else is kept', async () => {
    const asked: string[][] = [];
    const cluster = await askKubectl(undefined, kubectl(GOOD, asked));
    expect(cluster).toEqual({
      context: 'homelab',
      apiServer: '10.0.0.10:6443',
      certificateAuthority: '-----BEGIN CERTIFICATE-----',
      issuer: DISCOVERY.issuer,
      jwks: `${JSON.stringify(JWKS, undefined, 2)}\n`,
    });
    expect(asked).toEqual([
      ['config', 'view', '--raw', '--minify', '--output=json'],
      ['get', '--raw', '/.well-known/openid-configuration'],
      ['get', '--raw', '/openid/v1/jwks'],
    ]);
  });

  it('is asked about the context that was named', async () => {
    const asked: string[][] = [];
    await askKubectl('other', kubectl(GOOD, asked));
    expect(asked.map((args) => args.slice(-2))).toEqual(
      Array.from({ length: 3 }, () => ['--context', 'other']),
    );
  });

  it.each<readonly [what: string, answers: Readonly<Record<string, unknown>>, problem: string]>([
    [
      'whose configuration cannot be read',
      { config: new Error('error: error loading config file "/x": permission denied\nmore') },
      String.raw`kubectl config view --raw failed: "error: error loading config file \"/x\": permission denied"`,
    ],
    [
      'that shows a token in what it complains of',
      { config: new Error('bad token eyJhbGciOiJSUzI1NiJ9.c2VjcmV0.c2VjcmV0') },
      'kubectl config view --raw failed: "bad token (a token)"',
    ],
    [
      'that answers something else',
      { config: 'apiVersion: v1' },
      'kubectl config view --raw answered something else than a JSON object: not valid JSON',
    ],
    [
      'without a context',
      { config: { clusters: null } },
      'the context of kubectl names no API server: undefined',
    ],
    [
      'whose cluster does not answer',
      { ...GOOD, '/.well-known/openid-configuration': new Error('The connection was refused') },
      'kubectl get --raw /.well-known/openid-configuration failed: "The connection was refused"',
    ],
    [
      'whose cluster has no issuer',
      { ...GOOD, '/.well-known/openid-configuration': {} },
      "the cluster's discovery document has issuer undefined; expected a URL",
    ],
    [
      'that may not see the keys',
      { ...GOOD, '/openid/v1/jwks': new Error('Error from server (Forbidden)') },
      'kubectl get --raw /openid/v1/jwks failed: "Error from server (Forbidden)"',
    ],
    [
      'whose certificate authority is not there',
      {
        ...GOOD,
        config: {
          clusters: [{ cluster: { server: 'https://x', 'certificate-authority': '/none.crt' } }],
        },
      },
      'the certificate authority of the context, "/none.crt", cannot be read: no such file',
    ],
  ])('%s is a problem, with what to do', async (_what, answers, problem) => {
    const found = await askKubectl(undefined, kubectl(answers));
    expect(found).toMatchObject({ problem });
    expect('hint' in found ? found.hint : '').toMatch(/^[A-Z].*\.$/);
    expect(JSON.stringify(found)).not.toContain('c2VjcmV0');
  });
});
