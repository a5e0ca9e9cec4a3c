// What is legal in issuers.yaml and dangerous all the same. Nothing here decides a login: `config check` tells it.
import { ruleOfKind } from '../claim-rules/claim-rule-kinds.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Locate } from '../config/yaml/locate.ts';
import type { Problem } from '../config/problems.ts';
import type { IssuerConfiguration } from '../config/schema/schema.ts';
import { formatDuration, formatSeconds } from '../values/units.ts';
import { quote } from '../quote.ts';
import { isProtectedRole } from '../roles/is-protected-role.ts';
import { findOpenName } from './claims/find-open-name.ts';
import { findUntrustedTenant, type Stranger } from './search/find-untrusted-tenant.ts';
import { ownerOfAudience } from './foreign-audiences.ts';
import type { Issuer, Policy } from '../policy/policy.ts';
import { PUBLIC_ISSUERS } from './public-issuers.ts';
import type { Warn } from './warn.ts';
import { warnOfClaimValues } from './claims/warn-of-claim-values.ts';
import { warnOfSecrets } from './warn-of-secrets.ts';
import { warnOfClaimNames } from './claims/warn-of-claim-names.ts';
import { warnOfCertificates } from './warn-of-certificates.ts';
import { warnOfIssuerURL } from './warn-of-issuer-url.ts';
import { warnOfMergedSubjects } from './warn-of-merged-subjects.ts';
import { warnOfMemberships } from './claims/warn-of-memberships.ts';
import { warnOfPlaceholders } from './warn-of-placeholders.ts';
import { warnOfServices } from './warn-of-services.ts';
import { warnOfSplitNames } from './claims/warn-of-split-names.ts';
import { warnOfSuperusers } from './warn-of-superusers.ts';

/** What warnings depend on besides the file. */
export interface WarningOptions {
  /** Default: that of this host. */
  readonly clock?: Clock | undefined;
  /** The PAM services of this host that ask pgtoken; default: nothing is known of them. */
  readonly services?: readonly string[] | undefined;
}

/** Finds everything that calls for a warning, in the order of the text. */
export async function findWarnings(
  policy: Policy,
  locate: Locate,
  { clock = systemClock, services }: WarningOptions = {},
): Promise<readonly Problem[]> {
  const warnings: Problem[] = [];
  if (!isProtectedRole('postgres', policy.protectedRoles)) {
    const path = ['protectedRoles'];
    warnings.push({
      path,
      message:
        '"postgres", the superuser of most servers, is not protected: a token may log in as it where a rule yields it',
      hint: 'Keep postgres, root and "pg_*" in the list; an entry can list exceptions (allowProtectedRoles).',
      ...locate(path),
    });
  }
  for (const [index, issuer] of policy.issuers.entries()) {
    const warn: Warn = (below, message, hint) => {
      const path = ['issuers', index, ...below];
      warnings.push({ path, message, hint, ...locate(path) });
    };
    warnOfIssuerURL(issuer.entry, warn);
    warnOfPlaceholders(issuer.entry, warn);
    warnOfSecrets(issuer.entry, warn);
    warnOfCertificates(issuer, clock(), warn);
    warnOfAudiences(issuer.entry, warn);
    warnOfLimits(issuer.entry, warn);
    warnOfEarlyEnd(issuer.entry, warn);
    warnOfClaimNames(issuer.entry, warn);
    warnOfClaimValues(issuer.entry, warn);
    warnOfOpenNames(issuer.entry, warn);
    warnOfTwin(index, policy.issuers, warn);
    await warnOfStrangers(issuer, warn);
    await warnOfMergedSubjects(issuer, warn);
    await warnOfSuperusers(issuer, policy.protectedRoles, warn);
    warnOfSplitNames(issuer.entry, warn);
    warnOfMemberships(issuer.entry, warn);
    warnOfServices(issuer.entry, policy.issuers.length, services, warn);
  }
  return warnings.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

function warnOfAudiences({ issuer }: IssuerConfiguration, warn: Warn): void {
  for (const [index, audience] of issuer.audiences.entries()) {
    const owner = ownerOfAudience(audience, issuer.url);
    if (owner !== undefined) {
      warn(
        ['issuer', 'audiences', index],
        `${quote(audience)} is the audience of ${owner}: whoever receives such a token there can log in here with it`,
        'Ask for tokens with an audience of their own, such as the name of this server.',
      );
    }
  }
}

/** A day, and an hour for issuers that date their tokens back: Microsoft Entra's managed identities have 24 h 5 min. */
const LONGEST_LIFETIME = 90_000;

function warnOfLimits({ token, allowProtectedRoles }: IssuerConfiguration, warn: Warn): void {
  if (token.maxLifetime > LONGEST_LIFETIME) {
    warn(
      ['token', 'maxLifetime'],
      `tokens valid for up to ${formatSeconds(token.maxLifetime)} are accepted: one that is stolen serves as long`,
      'Ask for tokens of an hour, and for a new one for each connection.',
    );
  }
  if (token.allowSenderConstrained) {
    warn(
      ['token', 'allowSenderConstrained'],
      'tokens that are bound to a key are accepted from anybody: what the binding should prevent is possible here',
      'Ask the issuer for bearer tokens with an audience of their own.',
    );
  }
  for (const [index, role] of allowProtectedRoles.entries()) {
    if (role === 'postgres') {
      warn(
        ['allowProtectedRoles', index],
        'a token may be "postgres", the superuser of most servers',
        'Grant what is needed to another role.',
      );
    }
  }
}

/** Keys are as old as `refreshInterval` when they are retrieved again: a limit that is no longer leaves no time after a 401. */
function warnOfEarlyEnd({ cache }: IssuerConfiguration, warn: Warn): void {
  const { refreshInterval, maxStaleUnauthorized } = cache;
  if (maxStaleUnauthorized !== undefined && maxStaleUnauthorized <= refreshInterval) {
    const least = formatDuration(refreshInterval + SPARE_TIME);
    warn(
      ['cache', 'maxStaleUnauthorized'],
      `${formatDuration(maxStaleUnauthorized)} is not above refreshInterval, ${formatDuration(refreshInterval)}: it counts from the last successful retrieval, so that the first 401 or 403 may end all logins`,
      `Write refreshInterval and a few minutes more, such as ${least}.`,
    );
  }
}

/** An API server that starts answers 403 for some seconds; somebody has to replace a token. */
const SPARE_TIME = 300;

/** Two policies over one issuer are told apart by something, or the second never says anything new. */
function warnOfTwin(index: number, issuers: readonly Issuer[], warn: Warn): void {
  const own = issuers[index];
  const twin = issuers
    .slice(0, index)
    .find((other) => own && fingerprint(other) === fingerprint(own) && meet(other, own));
  if (twin !== undefined) {
    warn(
      ['issuer'],
      `agrees with entry ${twin.name} in issuer, key source, audiences and claimValidationRules: each judges the tokens of the other`,
      'Give them different audiences, claimValidationRules or PAM services that tell them apart, or make them one.',
    );
  }
}

function fingerprint({ entry, keySource }: Issuer): string {
  const { url, spiffeTrustDomain, audiences } = entry.issuer;
  const { claimValidationRules: rules } = entry;
  return JSON.stringify([url, spiffeTrustDomain, audiences.toSorted(), keySource, rules]);
}

/** Whether there is a PAM service that both entries are for. */
function meet(one: Issuer, other: Issuer): boolean {
  const [a, b] = [one.entry.pam.services, other.entry.pam.services];
  return a === undefined || b === undefined || a.some((service) => b.includes(service));
}

async function warnOfStrangers(issuer: Issuer, warn: Warn): Promise<void> {
  const { url } = issuer.entry.issuer;
  const shared = PUBLIC_ISSUERS.find((one) => url !== undefined && one.url.test(url));
  const stranger = shared && (await findUntrustedTenant(issuer, shared));
  if (shared === undefined || stranger === undefined) {
    return;
  }
  if (stranger.kind === 'unknown') {
    warn(
      ['issuer', 'url'],
      `${shared.name} signs tokens for everybody, and the patterns permit too much to find out whether strangers are let in`,
      `Write claimValidationRules: [{claim: ${shared.pin}, requiredValue: ...}], or fewer and simpler patterns.`,
    );
    return;
  }
  const { message, hint } = describeStranger(stranger, shared.pin);
  warn(['issuer', 'url'], `${shared.name} signs tokens for everybody, and ${message}`, hint);
}

function describeStranger(
  stranger: Exclude<Stranger, { readonly kind: 'unknown' }>,
  pin: string,
): { readonly message: string; readonly hint: string } {
  switch (stranger.kind) {
    case 'anybody':
      return {
        message: 'no rule says whose count: strangers would be let in',
        hint: `Write claimValidationRules: [{claim: ${pin}, requiredValue: ...}], or role rules on ${pin}.`,
      };
    case 'crafted':
      return {
        message: `the rules also let in strangers by names of their choice, as in ${stranger.claim} ${quote(stranger.value)}`,
        hint: `Write claimValidationRules: [{claim: ${pin}, requiredValue: ...}], or what a name may have in place of each wildcard, such as "[^/:@]+".`,
      };
    case 'alike':
      return {
        message: `the rules also let in strangers with another name, such as ${quote(stranger.name)}`,
        hint: `Write claimValidationRules: [{claim: ${pin}, requiredValue: ...}], or end each name in the rules with what follows it, such as "/" or ":".`,
      };
    case 'namesake':
      return {
        message: `a stranger's private account may have an address of your domain, such as ${quote(stranger.name)}, and would be let in`,
        hint: `Write claimValidationRules: [{claim: ${pin}, requiredValue: ...}].`,
      };
  }
}

/** A namespace or a segment of a SPIFFE ID that may be longer than what is written. */
function warnOfOpenNames({ claimValidationRules, roles }: IssuerConfiguration, warn: Warn): void {
  const look = (path: readonly (string | number)[], claim: string, expression: string): void => {
    const name = findOpenName(claim, expression);
    if (name !== undefined) {
      warn(
        path,
        `a wildcard directly behind ${quote(name)} takes in longer names too, such as ${quote(`${name}-other`)}`,
        'Write what ends the name in front of the wildcard, or what it may go on with, such as "[a-z0-9-]*".',
      );
    }
  };
  for (const [index, rule] of claimValidationRules.entries()) {
    const { name, text } = ruleOfKind(rule);
    // What is listed as a whole has no wildcard.
    if (text?.isOpen === true) {
      look(['claimValidationRules', index, name], rule.claim, text.expression(String));
    }
  }
  for (const [index, { claim, trimPrefix, pattern }] of roles.entries()) {
    look(['roles', index, 'pattern'], claim, [trimPrefix, pattern].join(''));
  }
}
