// deny: good tokens that somebody has withdrawn.
import { type Mint, type TokenOptions, NOW } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const HINT = 'Somebody has withdrawn it here; ask whoever administers this server.';

export function deny({ token }: Mint): Recipe[] {
  const vector = (
    name: string,
    options: TokenOptions,
    message: string | undefined,
    role = 'foo:myservice',
    hint = HINT,
  ): Recipe => ({
    name,
    policy: 'deny',
    role,
    password: token(options),
    expected: message === undefined ? granted('deny') : { code: 'ERR_DENY_LISTED', message, hint },
  });
  const leaked = 'system:serviceaccount:foo:leaked';
  const BEFORE = 'those from before 2025-12-31T23:58:00Z are denied (deny.issuedBefore)';
  return [
    vector('grants what no list denies', {}, undefined),
    vector(
      'refuses a denied subject',
      { claims: { sub: leaked } },
      `sub "${leaked}" is denied (deny.subjects)`,
      'foo:leaked',
    ),
    vector(
      'grants a subject that only begins like a denied one',
      { claims: { sub: `${leaked}2` } },
      undefined,
      'foo:leaked2',
    ),
    vector(
      'refuses a denied token',
      { claims: { jti: 'stolen' } },
      'jti "stolen" is denied (deny.tokenIDs)',
    ),
    vector('grants a token with no jti to deny it by', { claims: { jti: undefined } }, undefined),
    vector(
      'refuses a token of a denied key',
      { key: 'cluster-rs512' },
      'kid "cluster-rs512" is denied (deny.keyIDs)',
    ),
    {
      name: 'refuses a token of a denied key that leaves its kid out',
      policy: 'deny',
      password: token({
        key: 'people-es256',
        header: { kid: undefined },
        claims: { iss: 'https://nameless.example.com' },
      }),
      expected: {
        code: 'ERR_DENY_LISTED',
        message: 'kid "people-es256" is denied (deny.keyIDs)',
        hint: HINT,
      },
    },
    vector(
      'grants a token that was issued at that moment',
      { claims: { iat: NOW - 120 } },
      undefined,
    ),
    vector(
      'refuses a token that was issued a second earlier',
      { claims: { iat: NOW - 121 } },
      `the token was issued at 2025-12-31T23:57:59Z; ${BEFORE}`,
      undefined,
      'Get a new token.',
    ),
    vector(
      'refuses a token that does not say when it was issued',
      { claims: { iat: undefined } },
      `the token does not say when it was issued (iat); ${BEFORE}`,
      undefined,
      'Get a new token.',
    ),
    {
      name: 'does not tell of a denied subject whose token is not genuine',
      policy: 'deny',
      password: token({
        key: 'attacker-rs256',
        header: { kid: 'cluster-rs256' },
        claims: { sub: leaked },
      }),
      expected: {
        code: 'ERR_SIGNATURE_INVALID',
        message: 'the signature does not verify with the issuer\'s key "cluster-rs256" (RS256)',
      },
    },
  ];
}
