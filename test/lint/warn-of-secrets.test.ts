// Secrets in the addresses of an entry.
import { expect, it } from 'vitest';
import { type Entry, entryWith, warningsOf } from './warnings-of.ts';

const ISSUER = { url: 'https://sso.example.com', audiences: ['postgres'] };
const at = (more: Entry): Promise<readonly string[]> => warningsOf(entryWith(more));

it.each(['client_secret', 'password', 'access_token', 'api-key', 'X-Amz-Signature'])(
  'are told by the name of their parameter: %s',
  async (name) => {
    const query = `?p=people&${name}=0123456789abcdef`;
    const discoveryURL = `https://sso.example.com/keys${query}`;
    const keys = { jwksURI: `https://sso.example.com/keys${query}` };
    const told = `the parameter "${name}" reads like a secret, and this address is in messages and in logs`;
    const warnings = [await at({ issuer: { ...ISSUER, discoveryURL } }), await at({ keys })];
    expect(warnings).toEqual([
      [`issuers[0].issuer.discoveryURL: ${told}`],
      [`issuers[0].keys.jwksURI: ${told}`],
    ]);
    // Their value is in no warning.
    expect(JSON.stringify(warnings)).not.toContain('0123456789abcdef');
  },
);

it.each(['?appid=73a1', '?p=B2C_1A_people', '?v=2&tenant=secret', ''])(
  'are not seen in %j',
  async (query) => {
    expect(await at({ keys: { jwksURI: `https://sso.example.com/keys${query}` } })).toEqual([]);
  },
);
