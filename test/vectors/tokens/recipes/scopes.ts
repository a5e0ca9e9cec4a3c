// token.requiredScopes: where a token has its scopes, and what counts as one.
import type { Mint, TokenOptions } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

export function scopes({ token }: Mint): Recipe[] {
  const vector = (
    name: string,
    claims: NonNullable<TokenOptions['claims']>,
    expected: Recipe['expected'],
  ): Recipe => ({ name, policy: 'scopes', password: token({ claims }), expected });
  const grants = (name: string, claims: NonNullable<TokenOptions['claims']>): Recipe =>
    vector(name, claims, granted('scopes'));
  const refuses = (
    name: string,
    claims: NonNullable<TokenOptions['claims']>,
    seen: string,
    scope = 'db.login',
  ): Recipe =>
    vector(name, claims, {
      code: 'ERR_SCOPE_MISSING',
      message: `${seen}; expected "${scope}" among them (token.requiredScopes)`,
      hint: 'Ask the issuer for a token with this scope, and permit it to the client there.',
    });
  return [
    grants('grants a token with every scope, in any order', { scope: 'openid email db.login' }),
    grants('grants scopes that are a list', { scope: ['db.login', 'openid'] }),
    grants('grants the scopes of scp, as text', { scp: 'db.login openid' }),
    grants('grants the scopes of scp, as a list', { scp: ['openid', 'db.login'] }),
    refuses('refuses a token without scopes', {}, 'the token has no scopes'),
    refuses(
      'refuses a token that has one of two scopes',
      { scope: 'db.login' },
      'scope has "db.login"',
      'openid',
    ),
    refuses(
      'refuses a scope that begins like the required one',
      { scope: 'db.login.other openid' },
      'scope has "db.login.other", "openid"',
    ),
    refuses(
      'refuses a scope in another case',
      { scope: 'DB.login openid' },
      'scope has "DB.login", "openid"',
    ),
    refuses(
      'refuses scopes with commas between them, which RFC 6749 does not know',
      { scope: 'db.login,openid' },
      'scope has "db.login,openid"',
    ),
    refuses('refuses an empty scope', { scope: '' }, 'scope has no scopes'),
    refuses('refuses a scope that is null', { scope: null }, 'scope has no scopes'),
    refuses(
      'refuses a scope that is an object',
      { scope: { 'db.login': true } },
      'scope has no scopes',
    ),
    refuses(
      'refuses the scopes of scp where there is scope as well',
      { scope: 'email', scp: 'db.login openid' },
      'scope has "email"',
    ),
  ];
}
