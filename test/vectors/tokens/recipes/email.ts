// Addresses count only where email_verified is true or not there.
import type { Mint, TokenOptions } from '../mint.ts';
import { granted, type Recipe } from './recipe.ts';

const HINT =
  'Have the address verified at the issuer, or write a rule on a claim that its bearer cannot choose.';
const GOOD = { email: 'alice@example.com', groups: ['dba'] };

/** What is there and not true. */
const UNVERIFIED: readonly unknown[] = [
  false,
  null,
  'true',
  'yes',
  '',
  0,
  1,
  [],
  [true],
  { true: true },
];

export function email({ token }: Mint): Recipe[] {
  const vector = (
    name: string,
    service: 'staff' | 'people',
    role: string,
    claims: TokenOptions['claims'],
    expected: Recipe['expected'] = granted(service),
  ): Recipe => ({
    name,
    policy: 'email',
    service: `postgresql-${service}`,
    role,
    password: token({ claims: { ...GOOD, ...claims } }),
    expected,
  });
  const unverified = (entry: string, value: unknown, where: string): Recipe['expected'] => ({
    code: 'ERR_CLAIM_REJECTED',
    message: `entry ${entry}: email_verified is ${JSON.stringify(value)}; expected true, or no such claim, as a rule is on "email" (${where})`,
    hint: HINT,
  });
  return [
    vector('grants by an address that is verified', 'people', 'alice', { email_verified: true }),
    vector('grants by an address of which nothing is said', 'people', 'alice', {}),
    vector('grants where the verified address is what a rule demands', 'staff', 'dba', {
      email_verified: true,
    }),
    vector('grants where nothing is said of the address that a rule demands', 'staff', 'dba', {}),
    ...UNVERIFIED.map((value) =>
      vector(
        `refuses a role by an address, where email_verified is ${JSON.stringify(value)}`,
        'people',
        'alice',
        { email_verified: value },
        unverified('people', value, 'roles'),
      ),
    ),
    ...UNVERIFIED.map((value) =>
      vector(
        `refuses an address that a rule demands, where email_verified is ${JSON.stringify(value)}`,
        'staff',
        'dba',
        { email_verified: value },
        unverified('staff', value, 'claimValidationRules[0]'),
      ),
    ),
    vector(
      'refuses a role by an unverified address that is named by a path',
      'people',
      'admin_by_path',
      { email: 'admin@example.com', email_verified: false },
      unverified('people', false, 'roles'),
    ),
    vector('grants by another claim, although the address is not verified', 'people', 'dba', {
      email_verified: false,
    }),
    vector(
      'says nothing of the address where it would not be the role either',
      'people',
      'bob',
      { email_verified: false },
      {
        code: 'ERR_ROLE_NOT_PERMITTED',
        message: 'entry people: role "bob" asked for, and the token may only be "dba"',
      },
    ),
    vector(
      'refuses the address of another domain, verified as it is',
      'staff',
      'dba',
      { email: 'alice@example.net', email_verified: true },
      {
        code: 'ERR_CLAIM_REJECTED',
        message: String.raw`entry staff: claim "email" is "alice@example.net"; expected text that matches ".+@example\\.com" (claimValidationRules[0])`,
      },
    ),
    vector('looks at no member of other claims', 'people', 'alice', {
      profile: { email_verified: false },
      emails_verified: false,
      Email_Verified: false,
    }),
  ];
}
