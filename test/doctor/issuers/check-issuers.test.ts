// What an issuer's answer comes to, and how far the clocks may be apart.
import { describe, expect, it } from 'vitest';

import { checkIssuers } from '../../../src/doctor/issuers/check-issuers.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import type { Retrieval } from '../../../src/doctor/issuers/fetch-keys.ts';
import type { FetchResult } from '../../../src/keys/fetch-result.ts';
import { fakeHost } from '../fake-host.ts';
import { entry, loadIssuers } from '../load-issuers.ts';

const KEYS: FetchResult = {
  kind: 'keys',
  keySet: { keys: [{ kty: 'EC' }, { kty: 'EC' }] },
  etag: undefined,
  maxAge: undefined,
};

async function check(retrieval: Retrieval, over = {}): Promise<readonly Finding[]> {
  const { issuers } = await loadIssuers([entry(over)]);
  return checkIssuers(issuers, fakeHost({ fetchKeys: async () => retrieval }));
}

describe('clocks', () => {
  it.each([
    [0, '30s', undefined, "this host's clock agrees with the issuer's"],
    [-2, '30s', undefined, "this host's clock agrees with the issuer's"],
    [20, '30s', undefined, "this host's clock is 20 s behind the issuer's"],
    [-32, '30s', undefined, "this host's clock is 32 s ahead of the issuer's"],
    [33, '30s', 'clock-skewed', undefined],
    [-302, '30s', 'clock-skewed', undefined],
    [303, '30s', 'clock-wrong', undefined],
    [-3600, '30s', 'clock-wrong', undefined],
    [500, '10m', undefined, "this host's clock is 8 min behind the issuer's"],
    [603, '10m', 'clock-wrong', undefined],
  ])('%i s apart, with a skew of %s: %s', async (clockOffset, clockSkew, fault, message) => {
    const [reached, clock] = await check({ result: KEYS, clockOffset }, { token: { clockSkew } });
    expect(reached).toMatchObject({
      level: 'ok',
      topic: 'issuer',
      message: 'https://issuer.example.com/.well-known/openid-configuration: 2 keys retrieved',
    });
    expect(clock).toMatchObject({ topic: 'clock', fault, ...(message && { message }) });
  });

  it('are compared also where what came is no use', async () => {
    const result: FetchResult = { kind: 'failed', reason: 'https://x/ answered 500; expected 200' };
    expect((await check({ result, clockOffset: 4000 })).map(({ fault }) => fault)).toEqual([
      'issuer-keys',
      'clock-wrong',
    ]);
  });
});

describe('a failure', () => {
  it.each<[reason: string, fault: string, more?: { untrusted: true }]>([
    ['https://x/: connection refused', 'issuer-unreachable'],
    ['https://x/: the name cannot be resolved', 'issuer-unreachable'],
    ['https://x/: no answer in time (http.timeout)', 'issuer-unreachable'],
    ['https://x/: the server does not speak TLS at this port', 'issuer-unreachable'],
    [
      `https://x/: the server's certificate is signed by "y", which is not in the certificateAuthority`,
      'issuer-certificate',
      { untrusted: true },
    ],
    ['https://certificate.example/: connection refused', 'issuer-unreachable'],
    ['https://x/: the server wants the certificate of a client', 'issuer-unreachable'],
    ['https://x/ answered 404; expected 200', 'issuer-keys'],
    ['https://x/ is the discovery document of issuer "a"; expected "b"', 'issuer-keys'],
  ])('%s is %s, with the hint that fits it', async (reason, fault, more?: { untrusted: true }) => {
    const result: FetchResult = { kind: 'failed', reason, hint: 'Do this.', ...more };
    expect(await check({ result, clockOffset: undefined })).toMatchObject([
      { level: 'failure', fault, subject: 'homelab', message: reason, hint: 'Do this.' },
    ]);
  });

  it('for which there is no hint has the general one', async () => {
    const result: FetchResult = { kind: 'failed', reason: 'on purpose' };
    expect(await check({ result, clockOffset: undefined })).toMatchObject([
      { hint: 'Check that this host reaches the issuer, and issuer.certificateAuthority.' },
    ]);
  });

  it('is one of keys where the issuer has withdrawn them', async () => {
    const result: FetchResult = { kind: 'failed', reason: 'no usable key', withdrawn: true };
    expect(await check({ result, clockOffset: undefined })).toMatchObject([
      { fault: 'issuer-keys', message: 'no usable key' },
    ]);
  });

  it('of what an issuer says holds nothing that a terminal would obey', async () => {
    const result: FetchResult = { kind: 'failed', reason: 'bad\u{1b}[2J\nok' };
    expect(await check({ result, clockOffset: undefined })).toMatchObject([
      { message: 'bad?[2J?ok' },
    ]);
  });
});
