// The logins of the demo, and what must become of each.
import type { DemoWorld } from './demo-world.ts';

export interface Scenario {
  readonly title: string;
  /** Whose token it is, in words. */
  readonly token: string;
  readonly mint: (world: DemoWorld) => Promise<string>;
  readonly role: string;
  /** The code of the refusal; undefined when the login must succeed. */
  readonly refusal?: string;
}

const SERVICE = { sub: 'system:serviceaccount:foo:myservice' };
const PERSON = { sub: 'alice', aud: 'postgres-people', groups: ['staff', 'dba'] };

const mintService: Scenario['mint'] = async ({ cluster }) => cluster.mint(SERVICE);
export const mintServiceFor = async (world: DemoWorld, seconds: number): Promise<string> =>
  world.cluster.mint({ ...SERVICE, exp: Math.floor(Date.now() / 1000) + seconds });
export const mintPersonFor = async (world: DemoWorld, seconds: number): Promise<string> =>
  world.people.mint({ ...PERSON, exp: Math.floor(Date.now() / 1000) + seconds });

export const SCENARIOS: readonly Scenario[] = [
  {
    title: 'A Kubernetes service logs in as the role of its service account',
    token: 'service account foo/myservice, for audience postgres',
    mint: mintService,
    role: 'foo:myservice',
  },
  {
    title: 'A person of the group dba logs in as dba_ro',
    token: 'alice, groups staff and dba, for audience postgres-people',
    mint: async ({ people }) => people.mint(PERSON),
    role: 'dba_ro',
  },
  {
    title: 'The service asks for a role that is not its own',
    token: 'service account foo/myservice, for audience postgres',
    mint: mintService,
    role: 'dba_rw',
    refusal: 'ERR_ROLE_NOT_PERMITTED',
  },
  {
    title: 'The service comes with a token that has expired',
    token: 'service account foo/myservice, expired an hour ago',
    mint: async ({ cluster }) =>
      cluster.mint(SERVICE, { now: Math.floor(Date.now() / 1000) - 4200 }),
    role: 'foo:myservice',
    refusal: 'ERR_TOKEN_EXPIRED',
  },
  {
    title: 'The service comes with a token that was made for Vault',
    token: 'service account foo/myservice, for audience vault',
    mint: async ({ cluster }) => cluster.mint({ ...SERVICE, aud: ['vault'] }),
    role: 'foo:myservice',
    refusal: 'ERR_AUDIENCE_MISMATCH',
  },
];
