// What must hold of every policy and every token: no role but one that a rule yields, no grant by the order of entries alone, and
// none without a key and an audience of the entry's own. Policies and tokens are random, and the same each time.
import { createPublicKey, verify } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { authorize } from '../../src/decide/authorize.ts';
import type { Decision } from '../../src/decide/decision.ts';
import { compileIssuer } from '../../src/policy/compile-issuer.ts';
import type { Issuer, Policy } from '../../src/policy/policy.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { refuse } from '../../src/errors.ts';
import { RULE_TOOLS } from '../support/rule-tools.ts';
import { SIGNATURES } from '../support/signatures.ts';
import { writeIssuersYAML } from '../support/write-issuers-yaml.ts';
import { createMint, NOW } from '../vectors/tokens/mint.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20260101);
process.stdout.write(`properties of decisions: FUZZ_SEED=${SEED}\n`);

const mint = await createMint();

type Entry = Readonly<Record<string, unknown>>;

/** A policy of these entries; each pins the keys that stand in `pinned`. */
function policyOf(
  entries: readonly Entry[],
  pinned: readonly (readonly string[])[],
  top: Entry = {},
): Policy {
  const parsed = parseConfig(writeIssuersYAML(entries, top));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { issuers, protectedRoles } = parsed.config;
  return {
    servers: [],
    issuers: issuers.map((entry, index): Issuer => {
      const keys = (pinned[index] ?? []).map((name) => mint.publicKey(name));
      const source = { kind: 'pinned', keySet: { keys } } as const;
      return compileIssuer(entry, source, protectedRoles, RULE_TOOLS, (path, message) => {
        throw new Error(`${path.join('.')}: ${message}`);
      });
    }),
    protectedRoles,
    maxTokenBytes: 16_384,
  };
}

async function decide(policy: Policy, password: string, role: string): Promise<Decision> {
  const request = { service: 'postgresql', source: '10.0.0.7', role, password };
  const { decision } = await authorize(request, policy, {
    clock: () => NOW,
    keysOf: async ({ keySource }) =>
      keySource.kind === 'pinned' ? keySource.keySet : refuse('ERR_INTERNAL', 'not pinned'),
  });
  return decision;
}

interface Rule {
  readonly claim: string;
  readonly split?: string;
  readonly trimPrefix?: string;
  readonly trimSuffix?: string;
  readonly equals?: string;
  readonly pattern?: string;
  readonly role?: string | string[];
  readonly replace?: Readonly<Record<string, string>>;
  readonly shorten?: boolean;
}

/** As it would be written: what is undefined is not there. */
function withoutUndefined({
  claim,
  ...more
}: { readonly [K in keyof Rule]: Rule[K] | undefined }): Rule {
  if (claim === undefined) throw new Error('a rule without a claim');
  return {
    claim,
    ...Object.fromEntries(Object.entries(more).filter(([, one]) => one !== undefined)),
  };
}

/** There one time of so many; fast-check's own optional members are nearly always there. */
const sometimes = <T>(of: fc.Arbitrary<T>, times = 2) =>
  fc.oneof({ arbitrary: of, weight: 1 }, { arbitrary: fc.constant(undefined), weight: times - 1 });

/** At each place the longest text that stands there, and on behind it. */
const replaceAll = (text: string, replace: Readonly<Record<string, string>>): string => {
  const texts = Object.keys(replace).toSorted((a, b) => b.length - a.length);
  let result = '';
  for (let at = 0; at < text.length;) {
    const found = texts.find((one) => text.startsWith(one, at));
    result += found === undefined ? text[at]! : replace[found]!;
    at += found?.length ?? 1;
  }
  return result;
};

describe('a role', () => {
  // Few letters, so that rules and values meet.
  const word = fc.stringMatching(/^[ab:_]{1,4}$/);
  const piece = fc.stringMatching(/^[ab:_]{1,2}$/);
  const letter = fc.constantFrom('a', 'b', ':', '_');
  const common = {
    claim: fc.constantFrom('sub', 'sub', 'groups', 'groups', 'other', '/deep/er', 'none'),
    trimPrefix: sometimes(letter, 4),
    trimSuffix: sometimes(letter, 4),
  };
  const changes = {
    replace: sometimes(
      fc.oneof(
        fc.dictionary(piece, fc.stringMatching(/^[ab_]{0,2}$/), { minKeys: 1, maxKeys: 2 }),
        // One text at the start of another.
        fc.constant({ a: '_', ab: 'b' }),
      ),
    ),
    shorten: sometimes(fc.boolean()),
  };
  const roles = fc.oneof(word, fc.array(word, { minLength: 1, maxLength: 3 }));
  const rule: fc.Arbitrary<Rule> = fc
    .oneof(
      fc.record({ ...common, ...changes }),
      fc.record({ ...common, equals: piece, role: roles }),
      fc.record({
        ...common,
        ...changes,
        pattern: fc.constantFrom('a.*', '(a|b)(.*)', '.*', 'ab?', '([ab_]+):?([ab]*)'),
        role: sometimes(roles),
      }),
      fc.record({
        ...common,
        ...changes,
        pattern: fc.constantFrom('(a|b)(.*)', '([ab_]+):?([ab]*)'),
        role: fc.constantFrom('\\1', 'x_\\1', '\\2\\1', '\\1'),
      }),
    )
    .chain((one) => sometimes(letter, 3).map((split) => ({ ...one, split })))
    .map(withoutUndefined)
    // What could never be met is no configuration.
    .filter(
      ({ split, trimPrefix, trimSuffix, equals }) =>
        split === undefined ||
        ![trimPrefix, trimSuffix, equals].some((text) => text?.includes(split)),
    );

  const claims = fc.record({
    sub: word,
    groups: fc.oneof(
      word,
      fc.array(fc.oneof(word, fc.constant(1), fc.constant(null)), { maxLength: 4 }),
    ),
    other: fc.oneof(word, fc.constant({ a: 'ab' }), fc.constant(null)),
    deep: fc.oneof(fc.record({ er: word }), word),
  });

  /** What a rule yields, by the words of docs/reference/configuration.md and other means than those of the program. */
  const yielded = (one: Rule, all: Entry): string[] => {
    const deep = all['deep'];
    const value =
      one.claim === '/deep/er'
        ? typeof deep === 'object' && deep !== null && 'er' in deep
          ? deep.er
          : undefined
        : all[one.claim];
    const values = [value].flat().flatMap((text): unknown[] => {
      if (one.split === undefined) return [text];
      const part = new RegExp(`[^${RegExp.escape(one.split)}]+`, 'g');
      return typeof text === 'string' ? [...text.matchAll(part)].map(([found]) => found) : [];
    });
    return values.flatMap((text) => {
      if (typeof text !== 'string') return [];
      const inner = new RegExp(
        `^${RegExp.escape(one.trimPrefix ?? '')}(.+)${RegExp.escape(one.trimSuffix ?? '')}$`,
      ).exec(text)?.[1];
      if (inner === undefined || (one.equals !== undefined && inner !== one.equals)) return [];
      const groups =
        one.pattern === undefined ? [inner] : new RegExp(`^(?:${one.pattern})$`).exec(inner);
      if (groups === null) return [];
      const replaced = groups.map((group) => replaceAll(group, one.replace ?? {}));
      const templates = one.role === undefined ? ['\\0'] : [one.role].flat();
      return templates
        .map((template) =>
          template.replaceAll(/\\([0-9])/g, (_, n: string) => replaced[Number(n)] ?? ''),
        )
        .filter((role) => role !== '');
    });
  };

  it('is granted exactly where some rule yields it, and it is not protected', async () => {
    let granted = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(rule, { minLength: 1, maxLength: 4 }),
        claims,
        word,
        fc.array(fc.oneof(word, fc.constant('*_')), { maxLength: 2 }),
        async (rules, all, asked, protectedRoles) => {
          const issuer = { url: 'https://a.example', audiences: ['a'] };
          const policy = policyOf([{ name: 'a', issuer, roles: rules }], [['cluster-eddsa']], {
            protectedRoles,
          });
          const password = mint.token({
            key: 'cluster-eddsa',
            claims: { iss: 'https://a.example', aud: 'a', ...all },
          });
          const may = new Set(rules.flatMap((one) => yielded(one, all)));
          const isProtected = (role: string): boolean =>
            protectedRoles.some((one) => (one === '*_' ? role.endsWith('_') : role === one));
          // What the program yields is asked for too, or a role too many would rarely be met.
          const yieldedHere = policy.issuers.flatMap((compiled) => compiled.rolesOf(all));
          for (const role of new Set([...may, ...yieldedHere, asked, all.sub, '', 'postgres'])) {
            const decision = await decide(policy, password, role);
            expect([role, decision.granted]).toEqual([role, may.has(role) && !isProtected(role)]);
            if (decision.granted) granted += 1;
            else refused += 1;
          }
        },
      ),
      { seed: SEED, numRuns: 1000 },
    );
    expect(granted).toBeGreaterThan(200);
    expect(refused).toBeGreaterThan(200);
  });
});

const KEYS = [
  'cluster-es256',
  'other-es256',
  'cluster-eddsa',
  'people-es256',
  'twin-a',
  'twin-b',
  'nameless-rs256',
];
const ISSUERS = ['https://a.example', 'https://b.example'];
const AUDIENCES = ['a', 'b', 'c'];

const entry = fc.record({
  url: fc.constantFrom(...ISSUERS, 'spiffe'),
  audiences: fc.uniqueArray(fc.constantFrom(...AUDIENCES), { minLength: 1, maxLength: 2 }),
  policy: fc.constantFrom('MatchAny', 'MatchExact'),
  keys: fc.uniqueArray(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 4 }),
  role: fc.constantFrom('a', 'b'),
  service: fc.constantFrom(undefined, 'postgresql', 'other'),
  tenant: fc.constantFrom(undefined, 'x', 'y'),
  denied: fc.constantFrom(undefined, 'web', 'nobody'),
});

/** What is not drawn, is what an entry wants: or nearly nothing would ever be granted. */
const token = fc.record({
  wanted: fc.nat(),
  drawn: fc.subarray(['key', 'kid', 'iss', 'sub', 'aud', 'tenant', 'role'] as const, {
    maxLength: 3,
  }),
  role: fc.constantFrom('a', 'b'),
  key: fc.constantFrom(...KEYS, 'attacker-es256'),
  kid: fc.constantFrom('own', undefined, 'twin', 'cluster-es256', 'attacker-es256'),
  iss: fc.constantFrom(...ISSUERS, 'https://c.example'),
  sub: fc.constantFrom(
    'web',
    'spiffe://example.org/web',
    'spiffe://other.example/web',
    'spiffe://example.org//web',
    'spiffe://example.org/../web',
    'spiffe://example.org.other.example/web',
  ),
  aud: fc.oneof(
    fc.constantFrom(...AUDIENCES),
    fc.uniqueArray(fc.constantFrom(...AUDIENCES, 'd'), { maxLength: 3 }),
  ),
  tenant: fc.constantFrom('x', 'y', undefined),
});
type EntryOptions = typeof entry extends fc.Arbitrary<infer T> ? T : never;
type TokenOptions = typeof token extends fc.Arbitrary<infer T> ? T : never;

function makePolicy(entries: readonly (EntryOptions & { readonly name: string })[]): Policy {
  return policyOf(
    entries.map(({ name, url, audiences, policy, role, service, tenant, denied }) => ({
      name,
      issuer: {
        ...(url === 'spiffe' ? { spiffeTrustDomain: 'example.org' } : { url }),
        audiences,
        audienceMatchPolicy: policy,
      },
      ...(url === 'spiffe' ? { keys: { jwksFile: 'unread.json' } } : {}),
      roles: [{ claim: 'sub', pattern: '.*', role }],
      ...(service === undefined ? {} : { pam: { services: [service] } }),
      ...(tenant === undefined
        ? {}
        : { claimValidationRules: [{ claim: 'tenant', requiredValue: tenant }] }),
      ...(denied === undefined ? {} : { deny: { subjects: [denied] } }),
    })),
    entries.map(({ keys }) => keys),
  );
}

/** The options as they are once an entry has been asked. */
function fit(options: TokenOptions, list: readonly EntryOptions[]): TokenOptions {
  const one = list[options.wanted % list.length]!;
  const isSVID = one.url === 'spiffe';
  const ideal: Partial<TokenOptions> = {
    key: one.keys[0]!,
    kid: 'own',
    iss: isSVID ? options.iss : one.url,
    sub: isSVID ? 'spiffe://example.org/web' : 'web',
    aud: one.policy === 'MatchExact' ? one.audiences : one.audiences[0]!,
    tenant: one.tenant,
    role: one.role,
  };
  const drawn = options.drawn.map((name) => [name, options[name]] as const);
  return { ...options, ...ideal, ...Object.fromEntries(drawn) };
}

function makeToken({ key, kid, iss, sub, aud, tenant }: TokenOptions): string {
  return mint.token({
    key,
    ...(kid === 'own' ? {} : { header: { kid } }),
    claims: { iss, sub, aud, tenant },
  });
}

/** Whether one of these keys verifies a token, by node:crypto and whatever the token's kid says. */
function verifies(names: readonly string[], password: string): boolean {
  const [header = '', claims = '', signature = ''] = password.split('.');
  const algorithm = Object.entries(SIGNATURES).find(([name]) =>
    Buffer.from(header, 'base64url').toString().includes(`"alg":"${name}"`),
  );
  if (algorithm === undefined) throw new Error(`header of no known algorithm: ${header}`);
  const [alg, { hash, options }] = algorithm;
  return names.some((name) => {
    const jwk = mint.publicKey(name);
    return (
      jwk.alg === alg &&
      verify(
        hash,
        Buffer.from(`${header}.${claims}`),
        { key: createPublicKey({ key: jwk, format: 'jwk' }), ...options },
        Buffer.from(signature, 'base64url'),
      )
    );
  });
}

const entries = fc
  .array(entry, { minLength: 1, maxLength: 5 })
  .map((list) => list.map((one, index) => ({ ...one, name: `e${index}` })));

const isSameSet = (a: readonly string[], b: readonly string[]): boolean =>
  JSON.stringify(a.toSorted()) === JSON.stringify(b.toSorted());

describe('a grant', () => {
  it('is never made by an entry that has neither a key nor an audience of the token', async () => {
    const grants = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(entries, token, async (list, drawn) => {
        const options = fit(drawn, list);
        const password = makeToken(options);
        const decision = await decide(makePolicy(list), password, options.role);
        if (!decision.granted) return;
        const by = list.find(({ name }) => name === decision.issuer)!;
        grants.set(by.url, (grants.get(by.url) ?? 0) + 1);
        const aud = [options.aud].flat();
        expect(verifies(by.keys, password)).toBe(true);
        expect(aud.some((one) => by.audiences.includes(one))).toBe(true);
        expect(by.policy === 'MatchAny' || isSameSet(aud, by.audiences)).toBe(true);
        expect(by.role).toBe(options.role);
        expect([undefined, 'postgresql']).toContain(by.service);
        expect([undefined, options.tenant]).toContain(by.tenant);
        expect(by.denied).not.toBe(options.sub);
        expect(by.url === 'spiffe' ? options.sub : options.iss).toBe(
          by.url === 'spiffe' ? 'spiffe://example.org/web' : by.url,
        );
      }),
      { seed: SEED, numRuns: 1000 },
    );
    // Otherwise nothing was shown.
    for (const url of [...ISSUERS, 'spiffe']) expect(grants.get(url)).toBeGreaterThan(20);
  });

  it('does not depend on the order of entries, and is one of them alone', async () => {
    let granted = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        entries.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        token,
        async ([list, shuffled], drawn) => {
          const options = fit(drawn, list);
          const password = makeToken(options);
          const first = await decide(makePolicy(list), password, options.role);
          const second = await decide(makePolicy(shuffled), password, options.role);
          const alone = await Promise.all(
            list.map(async (one) => decide(makePolicy([one]), password, options.role)),
          );
          expect(second.granted).toBe(first.granted);
          expect(alone.some((decision) => decision.granted)).toBe(first.granted);
          if (first.granted) granted += 1;
          else refused += 1;
        },
      ),
      { seed: SEED, numRuns: 500 },
    );
    expect(granted).toBeGreaterThan(50);
    expect(refused).toBeGreaterThan(50);
  });
});
