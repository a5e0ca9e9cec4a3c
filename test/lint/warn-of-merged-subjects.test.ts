// Role rules that make one role of two subjects, and such that look like it and do not.
import { expect, it } from 'vitest';

import { type Entry, entryWith, hintsOf, warningsOf } from './warnings-of.ts';

const KUBERNETES = 'system:serviceaccount:';

it.each<readonly [what: string, rule: Entry, one: string, other: string, role: string]>([
  [
    'a separator that names have in them',
    { claim: 'sub', pattern: `${KUBERNETES}([a-z0-9-]+):([a-z0-9-]+)`, role: String.raw`\1-\2` },
    `${KUBERNETES}x:x-x`,
    `${KUBERNETES}x-x:x`,
    'x-x-x',
  ],
  [
    'nothing between the parts',
    { claim: 'sub', pattern: `${KUBERNETES}([a-z]+):([a-z]+)`, role: String.raw`\1\2` },
    `${KUBERNETES}x:xx`,
    `${KUBERNETES}xx:x`,
    'xxx',
  ],
  [
    'the namespace left out',
    { claim: 'sub', pattern: `${KUBERNETES}[^:]+:(.+)`, role: String.raw`\1` },
    `${KUBERNETES}x:x`,
    `${KUBERNETES}xx:x`,
    'x',
  ],
  [
    'the name of the account alone',
    { claim: '/kubernetes.io/serviceaccount/name' },
    `${KUBERNETES}x:x`,
    `${KUBERNETES}xx:x`,
    'x',
  ],
  [
    'one replacement for separator and name',
    { claim: 'sub', trimPrefix: KUBERNETES, replace: { ':': '_', '-': '_' } },
    `${KUBERNETES}x:x-x`,
    `${KUBERNETES}x-x:x`,
    'x_x_x',
  ],
  [
    'dots that become what addresses have too',
    { claim: 'email', trimSuffix: '@example.com', replace: { '.': '_' } },
    '_@example.com',
    '.@example.com',
    '_',
  ],
  [
    'an address without its domain',
    { claim: 'email', pattern: '([a-z]+)@.*', role: String.raw`\1` },
    'x@x.x',
    'x@xx.x',
    'x',
  ],
  [
    'slashes of a SPIFFE ID that become what its segments have too',
    {
      claim: 'sub',
      pattern: 'spiffe://[^/]+/(.+)',
      role: String.raw`\1`,
      replace: { '/': '-' },
    },
    'spiffe://x/x-x',
    'spiffe://x/x/x',
    'x-x',
  ],
  [
    'slashes of a GitLab project that become what names have too',
    {
      claim: 'sub',
      pattern: 'project_path:([^:]+):ref_type:branch:ref:main',
      role: String.raw`\1`,
      replace: { '/': '_' },
    },
    'project_path:x_/x:ref_type:branch:ref:main',
    'project_path:x/_x:ref_type:branch:ref:main',
    'x__x',
  ],
  [
    'the name of the account, as far as a pattern takes it',
    {
      claim: '/kubernetes.io/serviceaccount/name',
      pattern: '([a-z]+)(?:-[a-z]+)?',
      role: String.raw`\1`,
    },
    `${KUBERNETES}x:x`,
    `${KUBERNETES}xx:x`,
    'x',
  ],
  [
    'dots of a GitHub repository that become what names have too',
    {
      claim: 'sub',
      pattern: 'repo:octo-org/([^:]+):ref:refs/heads/main',
      role: String.raw`\1`,
      replace: { '.': '_' },
    },
    'repo:octo-org/_:ref:refs/heads/main',
    'repo:octo-org/.:ref:refs/heads/main',
    '_',
  ],
  ...['repository', 'project_path'].map(
    (claim) =>
      [
        `slashes in ${claim} that become what names have too`,
        { claim, replace: { '/': '-' } },
        'x-/x',
        'x/-x',
        'x--x',
      ] as const,
  ),
  ...['email', 'upn', 'unique_name', 'preferred_username'].map(
    (claim) =>
      [
        `dots of an address in ${claim} that become what it has too`,
        { claim, trimSuffix: '@example.com', replace: { '.': '_' } },
        '_@example.com',
        '.@example.com',
        '_',
      ] as const,
  ),
  [
    'dots of a name that become what it has too',
    { claim: 'username', replace: { '.': '_' } },
    '_',
    '.',
    '_',
  ],
  [
    'capitals that become what a name has too',
    { claim: 'repository', replace: { A: 'a' } },
    'x/a',
    'x/A',
    'x/a',
  ],
  ...['sub', 'preferred_username', 'username', 'name'].map(
    (claim) =>
      [
        `dashes of a name in ${claim} that are left out`,
        { claim, trimPrefix: 'auth0|', replace: { '-': '' } },
        'auth0|x',
        'auth0|x-',
        'x',
      ] as const,
  ),
])('are told: %s', async (_what, rule, one, other, role) => {
  const entry = entryWith({ roles: [rule] });
  const told = (await warningsOf(entry)).filter((line) => line.includes('the same role'));
  expect(told).toEqual([
    expect.stringMatching(/^issuers\[0\]\.roles\[0\]: ".*" and ".*" become the same role, ".*"$/),
  ]);
  for (const part of [one, other, role]) expect(told[0]).toContain(JSON.stringify(part));
  expect(await hintsOf(entry)).toContain(
    'Keep every distinguishing part, and use a separator that cannot occur in the names.',
  );
});

const byName: Entry = { claim: 'sub', pattern: `${KUBERNETES}[^:]+:(.+)`, role: String.raw`\1` };

it.each<readonly [what: string, more: Entry, message: string]>([
  [
    'rules on other claims than those of the subject',
    {
      claimValidationRules: [
        { claim: 'tenant', requiredValue: 'shop' },
        { claim: '/kubernetes.io/pod/name', requiredValue: 'shop' },
      ],
      roles: [byName],
    },
    `issuers[0].roles[0]: "${KUBERNETES}x:x" and "${KUBERNETES}xx:x" become the same role, "x"`,
  ],
  [
    'a rule that lists namespaces of which one begins with the other',
    {
      claimValidationRules: [
        { claim: '/kubernetes.io/namespace', requiredValues: ['shop', 'shop-x'] },
      ],
      roles: [{ claim: 'sub', pattern: `${KUBERNETES}([^:]+):([^:]+)`, role: String.raw`\1-\2` }],
    },
    `issuers[0].roles[0]: "${KUBERNETES}shop-x:x" and "${KUBERNETES}shop:x-x" become the same role, "shop-x-x"`,
  ],
  [
    'a rule beside it that makes none',
    { roles: [{ claim: 'sub', equals: 'alice', role: 'alice' }, byName] },
    `issuers[0].roles[1]: "${KUBERNETES}x:x" and "${KUBERNETES}xx:x" become the same role, "x"`,
  ],
])('are told beside %s', async (_what, more, message) => {
  expect(await warningsOf(entryWith(more))).toEqual([message]);
});

it.each<readonly [what: string, more: Entry]>([
  ['a whole subject', { roles: [{ claim: 'sub', trimPrefix: KUBERNETES }] }],
  [
    'a separator that no name has',
    {
      roles: [
        {
          claim: 'sub',
          pattern: `${KUBERNETES}([a-z0-9-]+):([a-z0-9.-]+)`,
          role: String.raw`\1:\2`,
        },
      ],
    },
  ],
  [
    'dashes that become what no name has',
    { roles: [{ claim: 'sub', trimPrefix: `${KUBERNETES}shop:`, replace: { '-': '_' } }] },
  ],
  [
    'one namespace that a rule demands',
    {
      claimValidationRules: [{ claim: '/kubernetes.io/namespace', requiredValue: 'shop' }],
      roles: [{ claim: 'sub', pattern: `${KUBERNETES}[^:]+:(.+)`, role: String.raw`\1` }],
    },
  ],
  [
    'one namespace that a rule on the subject demands',
    {
      claimValidationRules: [{ claim: 'sub', pattern: `${KUBERNETES}shop:.*` }],
      roles: [byName],
    },
  ],
  [
    'a repository by its name, whatever the branch',
    { roles: [{ claim: 'sub', pattern: 'repo:octo-org/([^:]+):.*', role: String.raw`\1` }] },
  ],
  [
    'a pattern that leaves out a part of which nothing is known',
    { roles: [{ claim: 'sub', pattern: '([a-z]+)[|].*', role: String.raw`\1` }] },
  ],
  ['a role for everybody', { roles: [{ claim: 'sub', pattern: `${KUBERNETES}.*`, role: 'ci' }] }],
  [
    'a role for everybody, beside one of their own',
    {
      roles: [
        { claim: 'sub', pattern: `${KUBERNETES}.*`, role: 'ci' },
        { claim: 'sub', trimPrefix: KUBERNETES },
      ],
    },
  ],
  ['addresses of one domain', { roles: [{ claim: 'email', trimSuffix: '@example.com' }] }],
  ['groups', { roles: [{ claim: 'groups', pattern: 'db-([a-z]+)-.*', role: String.raw`\1` }] }],
])('are not told: %s', async (_what, more) => {
  const told = await warningsOf(entryWith(more));
  expect(told.filter((line) => line.includes('the same role'))).toEqual([]);
});
