// The strangers whose tokens `config check` tries: they look like those that each issuer signs, down to the last claim, or a rule
// on one that is left empty would seem to shut them out.
import { describe, expect, it } from 'vitest';

import { PUBLIC_ISSUERS, type PublicIssuer } from '../../src/lint/public-issuers.ts';

const NAMES = { owner: 'o.w_n', thing: 'thing', place: 'main' };

function issuer(name: string): PublicIssuer {
  const found = PUBLIC_ISSUERS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no issuer ${name}`);
  return found;
}

/** Every text of a value, however deep. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

describe.each(PUBLIC_ISSUERS.map((one) => [one.name, one] as const))('%s', (_name, one) => {
  it('has strangers with every claim that says whose they are, unless only some tokens have it', () => {
    const optional = ['hd', '/google/compute_engine/project_id', 'email'];
    const required = one.tenantClaims.filter((claim) => !optional.includes(claim));
    const strangers = one.strangers(NAMES);
    expect(strangers.length).toBeGreaterThan(0);
    for (const claims of strangers) {
      expect(Object.keys(claims)).toEqual(expect.arrayContaining(required));
    }
  });

  it('has strangers whose claims are whole: none is empty, or ends where a name should stand', () => {
    for (const text of one.strangers(NAMES).flatMap(textsOf)) {
      expect(text).toMatch(/^[a-z0-9].*[a-z0-9]$/);
      expect(text).not.toMatch(/::|@@|@:|:\//);
    }
  });

  it('has different strangers', () => {
    const strangers = one.strangers(NAMES);
    expect(new Set(strangers.map((claims) => JSON.stringify(claims))).size).toBe(strangers.length);
  });
});

it('Google has verified their addresses, and writes projects with dashes', () => {
  const strangers = issuer('Google').strangers(NAMES);
  expect(strangers.map(({ email, email_verified: verified }) => [email, verified])).toEqual([
    ['o-w-n@gmail.com', true],
    ['thing@o.w_n', true],
    ['thing@o-w-n.iam.gserviceaccount.com', true],
  ]);
});

describe('a private account at Google', () => {
  const { borrowed } = issuer('Google');

  it.each(['example.com', 'gmail.com.example', 'hotgmail.com', 'gserviceaccount.com.example'])(
    'may have an address at %s',
    (domain) => {
      const claims = borrowed?.(domain, 'alice');
      expect(claims).toMatchObject({ email: `alice@${domain}`, email_verified: true });
      expect(claims?.['sub']).toMatch(/^[0-9]+$/);
    },
  );

  it.each(['gmail.com', 'project.iam.gserviceaccount.com', 'localhost', 'example.c', '10.0.com9'])(
    'has no address at %s',
    (domain) => {
      expect(borrowed?.(domain, 'alice')).toBeUndefined();
    },
  );
});

it('GitHub Actions signs subjects of every kind, with names alone and with their numbers', () => {
  const subjects = issuer('GitHub Actions')
    .strangers(NAMES)
    .map(({ sub }) => sub);
  expect(subjects).toEqual([
    'repo:o.w_n/thing:ref:refs/heads/main',
    'repo:o.w_n/thing:environment:main',
    'repo:o.w_n/thing:pull_request',
    'repo:o.w_n@90000001/thing@90000002:ref:refs/heads/main',
    'repo:o.w_n@90000001/thing@90000002:environment:main',
    'repo:o.w_n@90000001/thing@90000002:pull_request',
    'repository_owner:o.w_n',
  ]);
});
