// Claims that strangers would choose, by what rules leave open and an issuer lets them write.
import { describe, expect, it } from 'vitest';

import type { PublicIssuer } from '../../../src/lint/public-issuers.ts';
import { craftClaims } from '../../../src/lint/search/craft-claims.ts';
import type { TextDemand } from '../../../src/lint/search/demand-of.ts';
import { createSearchBudget } from '../../../src/lint/search/search-budget.ts';

const SHARED: PublicIssuer = {
  url: /^https:\/\/shared\.example$/,
  name: 'shared',
  tenantClaims: ['sub', 'number', 'step'],
  pin: 'sub',
  strangers: ({ owner, thing, place }) => [{ sub: `${owner}/${thing}/${place}`, owner }],
  forms: [
    {
      claim: 'sub',
      pattern: '{owner}/(?P<thing>[a-z]+)(?:@(?P<place>[a-z]+))?',
      owners: '[a-z]+',
    },
    { claim: 'number', pattern: '{owner}#{id}', owners: '[a-z]+' },
    // Owners are not named for themselves here, and a stranger has another name.
    { claim: 'step', pattern: '[a-z]+:{owner}(?::{owner})?', stranger: 'other.example' },
  ],
};

const open = (claim: string, expression: string): TextDemand => ({
  claim,
  expression,
  isOpen: true,
});
const closed = (claim: string, expression: string): TextDemand => ({
  claim,
  expression,
  isOpen: false,
});

const craft = (
  demands: readonly TextDemand[],
  choices: readonly TextDemand[] = [],
  shared: PublicIssuer = SHARED,
) => [...craftClaims(shared, demands, choices, createSearchBudget())];

const valuesOf = (...of: Parameters<typeof craft>): readonly string[] =>
  craft(...of).map(({ value }) => value);

describe('a stranger', () => {
  it('is called like somebody, where a name may go on', () => {
    expect(craft([open('sub', 'octo.*')])).toEqual([
      {
        kind: 'owner',
        claim: 'sub',
        value: 'octox',
        claims: [
          { sub: 'octox/x/main', owner: 'octox' },
          { sub: 'octox/x', owner: 'octox' },
        ],
      },
    ]);
  });

  it('keeps his name where what he chooses is enough', () => {
    expect(craft([open('sub', '[^/]+/app@.*')])).toMatchObject([
      {
        kind: 'value',
        claim: 'sub',
        value: 'stranger/app@x',
        claims: [
          { sub: 'stranger/app/x', owner: 'stranger' },
          { sub: 'stranger/app@x', owner: 'stranger' },
        ],
      },
      { kind: 'owner', value: 'x' },
    ]);
    expect(craft([open('step', 'octo:.*:.*')])).toEqual([
      {
        kind: 'value',
        claim: 'step',
        value: 'octo:other.example:other.example',
        claims: [
          { sub: 'other.example/app/main', owner: 'other.example' },
          {
            sub: 'other.example/app/main',
            owner: 'other.example',
            step: 'octo:other.example:other.example',
          },
        ],
      },
    ]);
  });

  it('has a number besides, where owners have one: then the name alone does not say who it is', () => {
    expect(craft([open('number', '[^#]+#65.*')])).toMatchObject([
      { kind: 'value', claim: 'number', value: 'x#651', claims: [{ owner: 'x' }, {}] },
    ]);
    expect(valuesOf([open('number', 'stranger#.*')])).toEqual(['stranger#90000001']);
    // Somebody's number, and no other, is nobody else's.
    expect(valuesOf([open('number', '[^#]+#65')])).toEqual([]);
  });

  it('meets all rules on a claim, and none on another', () => {
    expect(valuesOf([open('sub', 'octo.*'), open('sub', '.*/app'), open('other', 'x')])).toEqual([
      'octox',
    ]);
    expect(valuesOf([open('sub', 'octo/.*'), open('sub', 'acme.*')])).toEqual([]);
    expect(valuesOf([open('other', '.*')])).toEqual([]);
  });

  it('meets one role rule at a time, besides', () => {
    const choices = [open('sub', '.*/app'), open('other', 'x'), open('sub', '.*/web')];
    expect(craft([open('sub', 'octo.*')], choices).map(({ claims }) => claims[1]?.['sub'])).toEqual(
      ['octox/x', 'octox/app', 'octox/web'],
    );
    expect(valuesOf([], choices)).toEqual(['stranger/app', 'x', 'stranger/web', 'x']);
  });

  it('has nothing to choose where whole values are listed', () => {
    expect(valuesOf([closed('sub', 'stranger/app')])).toEqual([]);
    expect(valuesOf([open('sub', '.*'), closed('sub', 'stranger/app')])).toEqual([]);
    expect(valuesOf([], [closed('sub', 'stranger/app')])).toEqual([]);
    expect(valuesOf([])).toEqual([]);
  });

  it('tries fifty role rules that leave something open', () => {
    const never = (count: number) => Array.from({ length: count }, () => open('sub', '#'));
    const last = open('sub', 'octo.*');
    const listed = closed('sub', 'octo/app');
    expect(valuesOf([], [listed, ...never(49), last])).toEqual(['octox']);
    expect(valuesOf([], [listed, ...never(50), last])).toEqual([]);
  });

  it('does nothing about a pattern that is none', () => {
    const [form] = SHARED.forms;
    expect(valuesOf([open('sub', '('), open('sub', 'octo.*')])).toEqual([]);
    expect(
      valuesOf([open('sub', '.*')], [], { ...SHARED, forms: [{ ...form!, pattern: '(' }] }),
    ).toEqual([]);
  });
});
