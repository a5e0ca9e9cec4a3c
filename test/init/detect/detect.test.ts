// What a token and an issuer's URL tell.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { inspectIssuer, toIssuerURL } from '../../../src/init/detect/inspect-issuer.ts';
import { readTokenFacts } from '../../../src/init/detect/read-token-facts.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../../support/certificate-authority.ts';
import { createIssuer, type Issuer, type IssuerFailure } from '../../support/issuer.ts';

let authority: CertificateAuthority;
let issuer: Issuer;
beforeAll(async () => {
  authority = await createCertificateAuthority();
  issuer = await createIssuer(authority);
});
afterAll(async () => {
  await issuer?.close();
  await authority?.close();
});

describe('a token', () => {
  it('tells its issuer, audiences, subject, lifetime and algorithm', async () => {
    const token = await issuer.mint({ sub: 'alice', aud: ['a', 'b'] });
    expect(readTokenFacts(`${token}\n`)).toMatchObject({
      issuer: issuer.url,
      audiences: ['a', 'b'],
      subject: 'alice',
      lifetime: 600,
      algorithm: 'RS256',
    });
  });

  it('tells what it has, of whatever type the rest is', async () => {
    const token = await issuer.mint({ sub: 7, aud: [1, 'b'], iss: null, iat: 'x' });
    expect(readTokenFacts(token)).toMatchObject({
      issuer: undefined,
      audiences: ['b'],
      subject: undefined,
      lifetime: undefined,
    });
  });

  it('that lives for ever says nothing of its lifetime', async () => {
    const token = await issuer.mint({ iat: -1e308, exp: 1e308 });
    expect(readTokenFacts(token)).toMatchObject({ lifetime: undefined });
  });

  it.each([
    ['', 'this is not a token: it is empty; expected a token (JWT)'],
    ['hunter2', 'this is not a token: it is not a JWT; expected three parts in base64url'],
    ['eyJhbGciOiJub25lIn0.e30.', 'this is not a token: the token is signed with alg "none"'],
    ['eyJhbGciOiJSUzI1NiJ9.e30', 'this is not a token: '],
  ])('that is none is a problem: %j', (text, problem) => {
    const facts = readTokenFacts(text);
    expect('problem' in facts ? facts.problem : '').toContain(problem);
    expect('hint' in facts ? facts.hint : '').toMatch(/^[A-Z].*\.$/);
    expect(text === '' || !JSON.stringify(facts).includes(text)).toBe(true);
  });
});

describe('an issuer', () => {
  it('tells where its keys are', async () => {
    expect(await inspectIssuer(issuer.url, authority.certificate)).toEqual({
      url: issuer.url,
      jwksURI: issuer.jwksURL,
    });
  });

  it('may be given by its discovery document', () => {
    expect(toIssuerURL(issuer.discoveryURL)).toBe(issuer.url);
    expect(toIssuerURL('https://a.test/b/')).toBe('https://a.test/b/');
  });

  it.each<readonly [IssuerFailure, problem: string, hint: string]>([
    ['html', 'that are no JSON object', ''],
    ['invalid-json', 'that are no JSON object', ''],
    ['endless', '1048576 bytes', ''],
    ['redirect', 'answered 302', ''],
    ['status-500', 'answered 500', ''],
    ['refuse', 'connection refused', ''],
    [
      'other-issuer',
      'is the discovery document of issuer',
      'Write --url byte for byte as the tokens have it in iss; a slash at the end counts.',
    ],
  ])('that answers %s is a problem, with what to do', async (failure, problem, hint) => {
    await issuer.fail(failure);
    const found = await inspectIssuer(issuer.url, authority.certificate);
    await issuer.recover();
    expect('problem' in found ? found.problem : '').toContain(problem);
    expect('hint' in found ? found.hint : '').toMatch(/^[A-Z].*\.$/);
    expect('hint' in found ? found.hint : '').toContain(hint);
  });

  it('whose certificate nobody vouches for is a problem', async () => {
    const found = await inspectIssuer(issuer.url, undefined);
    expect('problem' in found ? found.problem : '').toContain('certificate');
  });
});
