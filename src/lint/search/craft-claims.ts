// Claims that strangers would choose to be taken for somebody: names that the wildcards of the rules leave to them, found by
// walking through what the issuer lets strangers write and what the rules take, at the same time.
import { RE2JS } from 're2js';
import type { Claims } from '../../claims/claim.ts';
import type { TextDemand } from './demand-of.ts';
import { findText } from './find-text.ts';
import { createMachine } from './pattern-machine.ts';
import type { PublicIssuer, StrangerForm } from '../public-issuers.ts';
import type { SearchBudget } from './search-budget.ts';

/** Claims of a stranger's token, and what gets him in. */
export interface CraftedClaims {
  readonly claims: readonly Claims[];
  /** `owner`: a name that is like another; `value`: what stands in one claim, made of other names. */
  readonly kind: 'owner' | 'value';
  readonly claim: string;
  readonly value: string;
}

/** More role rules than these are not tried. */
const MAX_CHOICES = 50;

/**
 * Makes claims that may get a stranger past rules on one claim of the token; whether they do, the rules themselves must say.
 *
 * @param demands what rules demand of claims, all of them.
 * @param choices role rules, one of which must match too; empty where one matches any tenant's claims.
 * @param budget for all searches; where it is used up, the rest was not tried.
 */
export function* craftClaims(
  shared: PublicIssuer,
  demands: readonly TextDemand[],
  choices: readonly TextDemand[],
  budget: SearchBudget,
): Generator<CraftedClaims> {
  for (const form of shared.forms) {
    const of = (list: readonly TextDemand[]): readonly TextDemand[] =>
      list.filter(({ claim }) => claim === form.claim);
    for (const choice of [
      undefined,
      ...of(choices)
        .filter(({ isOpen }) => isOpen)
        .slice(0, MAX_CHOICES),
    ]) {
      const both = [...of(demands), ...(choice === undefined ? [] : [choice])];
      const patterns = both.map(({ expression }) => expression);
      if (both.length > 0 && both.every(({ isOpen }) => isOpen)) {
        yield* craftValue(shared, form, patterns, budget);
        yield* craftOwner(shared, form, patterns, budget);
      }
    }
  }
}

/** A stranger with a name that no rule knows: only other names are chosen. */
function* craftValue(
  shared: PublicIssuer,
  form: StrangerForm,
  patterns: readonly string[],
  budget: SearchBudget,
): Generator<CraftedClaims> {
  const { claim, stranger = 'stranger' } = form;
  const pattern = form.pattern
    .replaceAll('{owner}', RE2JS.quote(stranger))
    .replaceAll('{id}', '90000001');
  const found = find(pattern, patterns, [], budget);
  if (found !== undefined) {
    const { value, names } = found;
    const claims = claimsWith(shared, claim, value, stranger, names);
    yield { claims, kind: 'value', claim, value };
  }
}

/** A stranger whose own name, and number where there is one, is what a wildcard leaves open. */
function* craftOwner(
  shared: PublicIssuer,
  form: StrangerForm,
  patterns: readonly string[],
  budget: SearchBudget,
): Generator<CraftedClaims> {
  if (form.owners === undefined) {
    return;
  }
  const pattern = form.pattern
    .replace('{owner}', `(?P<owner>${form.owners})`)
    .replace('{id}', '(?P<id>[1-9][0-9]*)');
  const free = ['owner', ...(form.pattern.includes('{id}') ? ['id'] : [])];
  const found = find(pattern, patterns, free, budget);
  if (found !== undefined) {
    const { claim } = form;
    const { value, names } = found;
    const { owner = value } = names;
    const claims = claimsWith(shared, claim, value, owner, names);
    // Where owners have a number, the name alone does not say who it is.
    yield free.length > 1
      ? { claims, kind: 'value', claim, value }
      : { claims, kind: 'owner', claim, value: owner };
  }
}

function find(
  pattern: string,
  patterns: readonly string[],
  free: readonly string[],
  budget: SearchBudget,
): { readonly value: string; readonly names: Readonly<Record<string, string>> } | undefined {
  const template = createMachine(pattern);
  const demands = patterns
    .map((text) => createMachine(text))
    .filter((machine) => machine !== undefined);
  if (template === undefined || demands.length < patterns.length) {
    return undefined;
  }
  const value = findText(template, demands, free, budget);
  if (value === undefined) {
    return undefined;
  }
  const names = template.match(value);
  return names && { value, names };
}

/** The tokens of a stranger with these names, and the same with this one claim replaced by what was found. */
function claimsWith(
  shared: PublicIssuer,
  claim: string,
  value: string,
  owner: string,
  { thing, place }: Readonly<Record<string, string>>,
): readonly Claims[] {
  const tokens = shared.strangers({ owner, thing: thing || 'app', place: place || 'main' });
  return [...tokens, ...tokens.map((token) => ({ ...token, [claim]: value }))];
}
