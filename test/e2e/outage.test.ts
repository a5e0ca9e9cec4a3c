// An issuer that does not answer, or not as it should: nobody gets in, nobody waits for ever, and the server goes on.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  createCertificateAuthority,
  type CertificateAuthority,
} from '../support/certificate-authority.ts';
import { createIssuer, type Issuer } from '../support/issuer.ts';
import { poll } from '../support/poll.ts';
import { startPgtokenHost, type PgtokenHost } from '../support/start-pgtoken-host.ts';
import { tryLogin } from '../support/try-logins.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';
import { expectNothingLeft } from './expect-nothing-left.ts';
import { expectRefusal } from './expect-refusal.ts';

const ROLE = 'foo:myservice';

const stack = new AsyncDisposableStack();
let authority: CertificateAuthority;
let host: PgtokenHost;

beforeAll(async () => {
  authority = stack.use(await createCertificateAuthority());
  host = stack.use(
    await startPgtokenHost({ issuersYAML: writeIssuersYAML([]), roles: [ROLE], timeout: 5 }),
  );
});

afterAll(async () => {
  await stack.disposeAsync();
});

/** Makes an issuer whose keys nobody has cached yet the only one that is trusted. */
async function trustNewIssuer(httpTimeout: string): Promise<Issuer> {
  const issuer = await createIssuer(authority, { algorithms: ['ES256'] });
  await host.installation.writeConfig(
    writeIssuersYAML([
      {
        name: 'cluster',
        issuer: {
          url: issuer.url,
          certificateAuthority: issuer.certificateAuthority,
          audiences: ['postgres'],
        },
        http: { timeout: httpTimeout },
        // A failed attempt answers for all who come meanwhile.
        cache: { unknownKeyCooldown: '1s' },
        roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
      },
    ]),
  );
  return issuer;
}

describe('cannot decide', () => {
  it.each([
    ['refuse', /connection refused/],
    ['hang-before-tls', /no answer in time \(http\.timeout\)/],
    ['hang', /no answer in time \(http\.timeout\)/],
    ['slow', /no answer in time \(http\.timeout\)/],
    ['status-500', /answered 500; expected 200/],
    ['html', /"text\/html" that are no JSON object/],
    ['invalid-json', /no JSON object/],
    ['ten-megabytes', /over 1048576 bytes/],
    ['endless', /over 1048576 bytes/],
    ['redirect', /redirect to "\/elsewhere", which is not followed/],
    ['other-issuer', /issuer "https:\/\/other-issuer\.example\.com"; expected "https:\/\/127/],
    ['private-keys', /a private key; expected public keys only/],
    ['symmetric-keys', /a symmetric key; expected public keys only/],
    ['short-keys', /an RSA key of 1024 bits; expected 2048/],
    ['wrong-certificate', /certificate is not for this host name/],
  ] as const)(
    'while the issuer fails with %s, and grants again afterwards',
    async (failure, why) => {
      await using issuer = await trustNewIssuer('1s');
      const login = { role: ROLE, password: await issuer.mint() };

      await issuer.fail(failure);
      const reason = await expectRefusal(host.cluster, login);
      expect(reason).toMatch(/^unavailable ERR_KEYS_UNAVAILABLE /);
      expect(reason).toMatch(why);
      await expectNothingLeft(host);

      await issuer.recover();
      await poll('a login once the issuer is asked again', async () =>
        (await tryLogin(host.cluster, login)) === 'granted' ? true : undefined,
      );
    },
  );

  it('while discovery answers and the keys do not', async () => {
    await using issuer = await trustNewIssuer('1s');
    await issuer.fail('hang', 'jwks');
    const reason = await expectRefusal(host.cluster, { role: ROLE, password: await issuer.mint() });
    expect(reason).toMatch(/^unavailable ERR_KEYS_UNAVAILABLE .*\/keys: no answer in time/);
    expect(issuer.requestCount('discovery')).toBe(1);
  });

  it('when the issuer may take longer than the login, and leaves no process behind', async () => {
    await using issuer = await trustNewIssuer('30s');
    const login = { role: ROLE, password: await issuer.mint() };

    await issuer.fail('hang');
    expect(await expectRefusal(host.cluster, login)).toMatch(/^unavailable ERR_DEADLINE /);
    await expectNothingLeft(host);

    await issuer.recover();
    expect(await host.cluster.psql(login)).toMatchObject({ status: 0, stdout: `${ROLE}\n` });
  });

  it.each([
    ['is missing a value', 'apiVersion: pgtoken/v1\nissuers: [{name: cluster}]\n'],
    ['is no YAML', 'issuers: ['],
  ])('when issuers.yaml %s', async (_what, text) => {
    await using issuer = await trustNewIssuer('1s');
    await host.installation.writeConfig(text);
    const login = { role: ROLE, password: await issuer.mint() };
    expect(await expectRefusal(host.cluster, login)).toMatch(/^unavailable ERR_CONFIG_INVALID /);
  });
});
