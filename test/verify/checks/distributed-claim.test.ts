// Claims that a token only points to.
import { describe, expect, it } from 'vitest';

import { distributedClaim } from '../../../src/verify/checks/distributed-claim.ts';

const HINT =
  'There are too many for the token: have the issuer emit only those that the application needs, or map app roles.';
const POINTED = { _claim_names: { groups: 'src1' } };

describe('a claim that is not in the token', () => {
  it.each(['groups', '/groups', '/groups/0'])(
    'as %s is withheld where the token points to it',
    (claim) => {
      expect(distributedClaim(POINTED, claim)).toMatchObject({
        code: 'ERR_CLAIM_MISSING',
        message:
          'the token does not hold "groups" but says where to ask for it (_claim_names); expected it in the token',
        hint: HINT,
      });
    },
  );

  it('is withheld where the token says that there are groups', () => {
    expect(distributedClaim({ hasgroups: true }, 'groups')).toMatchObject({
      code: 'ERR_CLAIM_MISSING',
      message:
        'the token does not hold "groups" but says that there are some (hasgroups); expected them in the token',
      hint: HINT,
    });
  });

  it.each([
    ['nothing points to it', {}, 'groups'],
    ['another one is pointed to', POINTED, 'roles'],
    ['what points is no object', { _claim_names: 'groups' }, 'groups'],
    ['what points is null', { _claim_names: null }, 'groups'],
    ['only every object has such a member', { _claim_names: {} }, 'constructor'],
    ['it is not said that there are groups', { hasgroups: 'true' }, 'groups'],
    ['there are groups, and another claim is wanted', { hasgroups: true }, 'roles'],
  ])('is simply missing where %s', (_what, claims, claim) => {
    expect(distributedClaim(claims, claim)).toBeUndefined();
  });
});

it('a claim that is in the token is not withheld, whatever else the token says', () => {
  for (const groups of [[], ['dba'], null, 'src1']) {
    expect(distributedClaim({ ...POINTED, hasgroups: true, groups }, 'groups')).toBeUndefined();
  }
});
