// The review as the last step of a decision: who is asked about, who is not, and that nobody is granted without a yes but by
// `onError: allow`.
import { describe, expect, it } from 'vitest';

import { authorize } from '../../src/decide/authorize.ts';
import type { AuthorizeOptions } from '../../src/decide/authorize-options.ts';
import type { TraceStep } from '../../src/decide/trace.ts';
import { createVerifiedTokens } from '../../src/decide/verified-tokens.ts';
import { refuse } from '../../src/errors.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { compileIssuer } from '../../src/policy/compile-issuer.ts';
import type { Policy } from '../../src/policy/policy.ts';
import type { ReviewOutcome } from '../../src/review/review-outcome.ts';
import { RULE_TOOLS } from '../support/rule-tools.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';
import { createMint, NOW, type TokenOptions } from '../vectors/tokens/mint.ts';

const mint = await createMint();
type Members = Readonly<Record<string, unknown>>;

const YES: ReviewOutcome = { kind: 'yes', cached: false };
const CACHED: ReviewOutcome = { kind: 'yes', cached: true };
const NO: ReviewOutcome = {
  kind: 'no',
  refusal: refuse('ERR_TOKEN_REVOKED', 'the API server does not accept the token any more'),
};
const AWAY: ReviewOutcome = {
  kind: 'unavailable',
  refusal: refuse('ERR_REVIEW_UNAVAILABLE', 'no answer in time'),
};

function reviewed(onError: string, more: Members = {}): Members {
  return {
    name: 'reviewed',
    issuer: { url: 'https://k8s.example.com', audiences: ['postgres'] },
    roles: [{ claim: 'sub', trimPrefix: 'system:serviceaccount:' }],
    review: { url: 'https://k8s.example.com', bearerTokenFile: 't', onError },
    ...more,
  };
}

function policyOf(...entries: readonly Members[]): Policy {
  const parsed = parseConfig(writeIssuersYAML(entries));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const source = { kind: 'pinned', keySet: { keys: [mint.publicKey('cluster-rs256')] } } as const;
  return {
    issuers: parsed.config.issuers.map((entry) =>
      compileIssuer(entry, source, ['postgres'], RULE_TOOLS, (path, message) => {
        throw new Error(`${path.join('.')}: ${message}`);
      }),
    ),
    servers: [],
    protectedRoles: ['postgres'],
    maxTokenBytes: 16_384,
  };
}

interface Login {
  readonly policy?: Policy;
  readonly role?: string;
  readonly token?: TokenOptions;
  readonly answer?: ReviewOutcome | undefined;
  /** Default: yes. */
  readonly isTraced?: boolean;
  readonly verifiedTokens?: AuthorizeOptions['verifiedTokens'];
}

async function login(options: Login) {
  const asked: string[] = [];
  const steps: TraceStep[] = [];
  const { answer } = options;
  const decided = await authorize(
    {
      role: options.role ?? 'foo:myservice',
      service: 'postgresql',
      source: undefined,
      password: mint.token(options.token),
    },
    options.policy ?? policyOf(reviewed('deny')),
    {
      clock: () => NOW,
      keysOf: async ({ keySource }) =>
        keySource.kind === 'pinned' ? keySource.keySet : refuse('ERR_INTERNAL', 'not pinned'),
      ...(options.isTraced === false ? {} : { trace: (step) => steps.push(step) }),
      ...(answer === undefined
        ? {}
        : {
            review: async (issuer) => {
              asked.push(issuer.name);
              return answer;
            },
          }),
      ...(options.verifiedTokens === undefined ? {} : { verifiedTokens: options.verifiedTokens }),
    },
  );
  const { decision } = decided;
  return {
    ...decided,
    code: decision.granted ? 'granted' : decision.code,
    asked,
    step: steps.find(({ step }) => step === 'review'),
  };
}

describe('an entry with review', () => {
  it('grants with a yes, and says where it is from', async () => {
    expect(await login({ answer: YES })).toMatchObject({
      code: 'granted',
      review: 'yes',
      step: { expected: 'yes of the API server', seen: 'yes', refusal: undefined },
    });
    expect(await login({ answer: CACHED })).toMatchObject({
      code: 'granted',
      review: 'cached',
      step: { seen: 'yes, as before' },
    });
  });

  it.each([
    [YES, 'granted'],
    [NO, 'ERR_TOKEN_REVOKED'],
    [undefined, 'ERR_REVIEW_UNAVAILABLE'],
  ])('decides the same where nobody wants to know how', async (answer, code) => {
    expect((await login({ answer, isTraced: false })).code).toBe(code);
  });

  it.each(['deny', 'allow'])('refuses with a no, also with onError: %s', async (onError) => {
    const policy = policyOf(reviewed(onError));
    expect(await login({ policy, answer: NO })).toMatchObject({
      code: 'ERR_TOKEN_REVOKED',
      decision: { message: 'the API server does not accept the token any more' },
      issuer: 'reviewed',
      verified: true,
      review: 'no',
    });
  });

  it('refuses without an answer, and says that nobody could tell', async () => {
    const { code, decision, review } = await login({ answer: AWAY });
    expect([code, !decision.granted && decision.outcome, review]).toEqual([
      'ERR_REVIEW_UNAVAILABLE',
      'unavailable',
      'unavailable',
    ]);
  });

  it('grants without an answer where onError: allow is written, and says so', async () => {
    const policy = policyOf(reviewed('allow'));
    expect(await login({ policy, answer: AWAY })).toMatchObject({
      code: 'granted',
      review: 'unavailable',
      step: { seen: 'no answer in time; granted all the same (review.onError)' },
    });
  });

  it.each(['deny', 'allow'])(
    'grants nothing where nobody asks, also with onError: %s',
    async (onError) => {
      const policy = policyOf(reviewed(onError));
      expect(await login({ policy })).toMatchObject({
        code: 'ERR_REVIEW_UNAVAILABLE',
        decision: {
          message: 'nobody has asked the API server whether it still accepts the token (review)',
        },
        review: 'unavailable',
        step: { seen: 'not asked', refusal: { code: 'ERR_REVIEW_UNAVAILABLE' } },
      });
    },
  );

  it.each<readonly [what: string, options: Login, code: string]>([
    [
      'whose signature is forged',
      { token: { key: 'attacker-rs256', header: { kid: 'cluster-rs256' } } },
      'ERR_SIGNATURE_INVALID',
    ],
    ['for another audience', { token: { claims: { aud: 'vault' } } }, 'ERR_AUDIENCE_MISMATCH'],
    ['that has expired', { token: { claims: { exp: NOW - 3600 } } }, 'ERR_TOKEN_EXPIRED'],
    [
      'that is denied',
      {
        policy: policyOf(
          reviewed('deny', { deny: { subjects: ['system:serviceaccount:foo:myservice'] } }),
        ),
      },
      'ERR_DENY_LISTED',
    ],
    ['for another role', { role: 'foo:other' }, 'ERR_ROLE_NOT_PERMITTED'],
    ['for a protected role', { role: 'postgres' }, 'ERR_ROLE_PROTECTED'],
    [
      'for another service',
      { policy: policyOf(reviewed('deny', { pam: { services: ['other'] } })) },
      'ERR_SERVICE_NOT_PERMITTED',
    ],
  ])('asks nobody about a token %s', async (_what, options, code) => {
    expect(await login({ ...options, answer: YES })).toMatchObject({
      code,
      asked: [],
      review: undefined,
    });
  });

  it('asks again for a token that is remembered as verified', async () => {
    const verifiedTokens = createVerifiedTokens();
    const policy = policyOf(reviewed('deny'));
    const answers = [YES, NO, AWAY, YES].map(async (answer) => {
      const { code, asked } = await login({ policy, answer, verifiedTokens });
      return [code, asked.length];
    });
    expect(await Promise.all(answers)).toEqual([
      ['granted', 1],
      ['ERR_TOKEN_REVOKED', 1],
      ['ERR_REVIEW_UNAVAILABLE', 1],
      ['granted', 1],
    ]);
    expect(verifiedTokens.size).toBe(1);
  });
});

it('an entry without review asks nobody', async () => {
  const { review: _, ...entry } = reviewed('deny');
  expect(await login({ policy: policyOf(entry), answer: NO })).toMatchObject({
    code: 'granted',
    asked: [],
    review: undefined,
    step: undefined,
  });
});

it('of two entries with one issuer, a no of the first leaves the second to decide, by its own words', async () => {
  const second = reviewed('deny', {
    name: 'second',
    roles: [{ claim: 'sub', equals: 'x', role: 'y' }],
  });
  const refused = await login({ policy: policyOf(reviewed('deny'), second), answer: NO });
  expect(refused).toMatchObject({ code: 'ERR_TOKEN_REVOKED', issuer: 'reviewed' });
  const { review: _, ...open } = reviewed('deny', { name: 'second' });
  expect(await login({ policy: policyOf(reviewed('deny'), open), answer: NO })).toMatchObject({
    code: 'granted',
    decision: { issuer: 'second' },
    review: undefined,
  });
});
