// The logins of the soak run: good ones of three issuers, and bad ones of each kind, each with the code that it must get.
import type { Random } from '../fuzz/random.ts';
import { encodePart } from '../support/sign-token.ts';
import { DENIED, type Population, type SoakWorld } from './soak-world.ts';

/** A login to try, and what must become of it. */
export interface SoakLogin {
  readonly kind: string;
  readonly role: string;
  readonly password: string;
  /** `granted`, or the code of the refusal. */
  readonly expected: string;
}

export interface Logins {
  /** Makes one; the number is its `jti`. */
  readonly next: (number: number, random: Random) => Promise<SoakLogin>;
  /** The key that tokens of the services are signed with from now on. */
  readonly useKey: (kid: string) => void;
  /** A token whose key is not published any more. */
  readonly addRemoved: (password: string) => void;
  /** A good token of the services by the key that is in use. */
  readonly mintService: (number: number) => Promise<string>;
}

type Make = (number: number, random: Random) => Promise<Omit<SoakLogin, 'kind'>>;

const seconds = (): number => Math.floor(Date.now() / 1000);

function changed(token: string, change: (parts: string[]) => string[]): string {
  return change(token.split('.')).join('.');
}

export function createLogins({ services, people, builds, lost }: SoakWorld): Logins {
  let kid = services.issuer.keys[0]!.kid;
  const removed: string[] = [];
  const populations = [services, people, builds];
  const mint = async (
    { issuer, audience, claims, name }: Population,
    number: number,
    more: Readonly<Record<string, unknown>> = {},
    now?: number,
  ): Promise<string> =>
    issuer.mint(
      { aud: audience, jti: `${number}`, ...claims, ...more },
      {
        ...(now === undefined ? {} : { now }),
        ...(name === services.name ? { key: kid } : {}),
      },
    );

  /** Good tokens, used again and again for a while, as a pool of connections does. */
  const pools = new Map<string, { readonly password: string; readonly kid: string }>();
  const good =
    (population: Population): Make =>
    async (number, random) => {
      const pooled = pools.get(population.name);
      const reuse = pooled !== undefined && pooled.kid === kid && !random.chance(4);
      const password = reuse ? pooled.password : await mint(population, number);
      pools.set(population.name, { password, kid });
      return { role: population.role, password, expected: 'granted' };
    };
  const bad =
    (expected: string, make: (population: Population, number: number) => Promise<string>): Make =>
    async (number, random) => {
      const population = random.pick(populations);
      return { role: population.role, password: await make(population, number), expected };
    };

  const goods = populations.map((population) => ({
    kind: `good token of ${population.name}`,
    make: good(population),
  }));
  const bads: readonly { readonly kind: string; readonly make: Make }[] = [
    { kind: 'no token', make: bad('ERR_NOT_A_TOKEN', async () => 'correct horse battery staple') },
    {
      kind: 'expired',
      make: bad('ERR_TOKEN_EXPIRED', async (p, n) => mint(p, n, {}, seconds() - 4000)),
    },
    {
      kind: 'not valid yet',
      make: bad('ERR_TOKEN_NOT_YET_VALID', async (p, n) => mint(p, n, { nbf: seconds() + 600 })),
    },
    {
      kind: 'valid for a year',
      make: bad('ERR_TOKEN_LIFETIME', async (p, n) => mint(p, n, { exp: seconds() + 31_536_000 })),
    },
    {
      kind: 'for another audience',
      make: bad('ERR_AUDIENCE_MISMATCH', async (p, n) => mint(p, n, { aud: 'vault' })),
    },
    {
      kind: 'of an unknown issuer',
      make: bad('ERR_ISSUER_UNKNOWN', async (p, n) => mint(p, n, { iss: `${p.issuer.url}/x` })),
    },
    {
      kind: 'bound to a key',
      make: bad('ERR_CLAIM_REJECTED', async (p, n) => mint(p, n, { cnf: { jkt: 'x' } })),
    },
    {
      kind: 'cut',
      make: bad('ERR_TOKEN_TRUNCATED', async (p, n) => (await mint(p, n)).slice(0, -20)),
    },
    {
      kind: 'without algorithm',
      make: bad('ERR_ALGORITHM_NOT_ALLOWED', async (p, n) =>
        changed(await mint(p, n), ([, claims = '']) => [encodePart({ alg: 'none' }), claims, '']),
      ),
    },
    {
      kind: 'with the claims of another',
      make: bad('ERR_SIGNATURE_INVALID', async (p, n) => {
        const other = (await mint(p, n, { sub: 'other' })).split('.');
        return changed(await mint(p, n), (parts) => parts.with(1, other[1] ?? ''));
      }),
    },
    {
      kind: "by another issuer's key",
      make: bad('ERR_KEY_UNKNOWN', async (p, n) => {
        const stranger = p.name === people.name ? builds : people;
        return mint(stranger, n, { iss: p.issuer.url });
      }),
    },
    {
      kind: 'of another role',
      make: async (number, random) => ({
        role: 'other',
        password: await mint(random.pick(populations), number),
        expected: 'ERR_ROLE_NOT_PERMITTED',
      }),
    },
    {
      kind: 'of a subject that is denied',
      make: async (number) => ({
        role: DENIED.role,
        password: await mint(services, number, { sub: DENIED.sub }),
        expected: 'ERR_DENY_LISTED',
      }),
    },
    {
      kind: 'of an issuer whose name hangs',
      make: async (number) => ({
        role: 'other',
        password: await mint(people, number, { iss: lost.url, aud: 'postgres', sub: 'other' }),
        expected: 'ERR_KEYS_UNAVAILABLE',
      }),
    },
    {
      kind: 'of a protected role',
      make: async (number) => ({
        role: 'postgres',
        password: await mint(services, number, { sub: 'system:serviceaccount:postgres' }),
        expected: 'ERR_ROLE_PROTECTED',
      }),
    },
    {
      kind: 'by a key that was removed',
      make: async (_number, random) =>
        removed.length === 0
          ? { role: 'postgres', password: 'no key was removed yet', expected: 'ERR_NOT_A_TOKEN' }
          : { role: services.role, password: random.pick(removed), expected: 'ERR_KEY_UNKNOWN' },
    },
  ];

  return {
    async next(number, random) {
      const { kind, make } = random.chance(2) ? random.pick(goods) : random.pick(bads);
      return { kind, ...(await make(number, random)) };
    },
    useKey(next) {
      kid = next;
    },
    addRemoved: (password) => removed.push(password),
    mintService: async (number) => mint(services, number),
  };
}
