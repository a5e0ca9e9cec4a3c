// What to do about a rule that a token does not meet, as far as the token itself shows it.
import { isJSONObject } from '../parse-json-object.ts';
import { quote } from '../quote.ts';
import { type Claims, findClaim } from './claim.ts';
import { findSimilarClaim } from './find-similar-claim.ts';
import { escapeStep } from './to-pointer.ts';
import { valuesOfClaim } from './values-of-claim.ts';

/** What a rule looks for. */
export interface Wanted {
  readonly claim: string;
  readonly split?: string | undefined;
  /** Whole values, each of which would do; default: none is known. */
  readonly values?: readonly string[] | undefined;
  /** What a value must begin or end with; default: nothing. */
  readonly affixes?: readonly Affix[];
}

/** By the key of the rule that has it. An empty one demands nothing. */
export type Affix = readonly [key: 'trimPrefix' | 'trimSuffix', text: string];

/** Claims that hold several words in one text at some issuers. Of no other is it safe to say that a word is enough. */
const LISTS = /^(?:scopes?|scp|groups|roles|permissions|entitlements|authorities)$/i;

/** @returns a whole sentence; undefined where the token does not show what is wrong. */
export function adviseOnClaim(
  claims: Claims,
  { claim, split, values = [], affixes = [] }: Wanted,
): string | undefined {
  const value = findClaim(claims, claim);
  if (value === undefined) {
    const similar = findSimilarClaim(claims, claim);
    return similar === undefined
      ? undefined
      : `The token has no ${quote(claim)} but ${quote(similar)}: write the claim so in the rule.`;
  }
  if (isJSONObject(value)) {
    const above = claim.startsWith('/') ? claim : `/${escapeStep(claim)}`;
    const [member = 'member'] = Object.keys(value);
    return `Claim ${quote(claim)} is an object: write the path of a member, such as ${quote(`${above}/${escapeStep(member)}`)}.`;
  }
  const seen = valuesOfClaim(value, split).filter((one) => typeof one === 'string');
  const folded = new Map(values.map((wanted) => [wanted.toLowerCase(), wanted]));
  for (const one of seen) {
    const wanted = folded.get(one.toLowerCase());
    if (wanted !== undefined && wanted !== one) {
      return `Values are compared byte for byte: ${quote(one)} and ${quote(wanted)} differ in case.`;
    }
  }
  for (const [key, text] of affixes) {
    const parts = seen.map((one) =>
      key === 'trimPrefix' ? one.slice(0, text.length) : one.slice(-text.length),
    );
    const part = parts.find((one) => one !== text && one.toLowerCase() === text.toLowerCase());
    if (part !== undefined) {
      return `Values are compared byte for byte: ${quote(part)} and ${key} ${quote(text)} differ in case.`;
    }
  }
  const isList = split === undefined && LISTS.test(claim.split('/').at(-1) ?? '');
  return isList &&
    seen.some(
      (one) => !values.includes(one) && one.split(' ').some((word) => values.includes(word)),
    )
    ? `${quote(claim)} holds several words: write split: " " into the rule, and each is compared by itself.`
    : undefined;
}
