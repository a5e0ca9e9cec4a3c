// The options of pam_oidc, read as it reads them (pam_oidc/config.go): name=value, the last of one name counts, lists are
// divided at every comma and nothing is trimmed. What pam_oidc itself does not start with is no line to translate.
import { quote } from '../quote.ts';
import type { Report } from './findings.ts';
import { parseGoDuration } from './parse-go-duration.ts';

/** What a line of pam_oidc says. */
export interface OIDCOptions {
  readonly issuer: string;
  readonly audience: string;
  /** A Go text/template; empty for the default. */
  readonly userTemplate: string;
  /** Empty for the default. */
  readonly groupsClaim: string;
  /** Empty where no group is required; may hold an empty name. */
  readonly authorizedGroups: readonly string[];
  /** Empty where none is required; may hold an empty one. */
  readonly acrs: readonly string[];
  readonly httpProxy: string;
  readonly cacheFolder: string;
  /** In seconds, with the text it was written as; undefined when it is not written. */
  readonly cacheTTL: { readonly seconds: number; readonly text: string } | undefined;
}

// The last two are the maintained fork's.
const NAMES = [
  'issuer',
  'aud',
  'user_template',
  'groups_claim_key',
  'authorized_groups',
  'require_acr',
  'require_acrs',
  'http_proxy',
  'cache_dir',
  'cache_ttl',
];

/**
 * Reads the arguments of pam_oidc.so.
 *
 * @param problem told of everything for which pam_oidc refuses every login, all at once.
 * @param note told of what it passes over.
 * @returns undefined when there is a problem.
 */
export function parseOptions(
  args: readonly string[],
  problem: Report,
  note: Report,
): OIDCOptions | undefined {
  let sound = true;
  const fail: Report = (message, hint) => {
    sound = false;
    problem(message, hint);
  };
  const values = new Map<string, string>();
  let acrs: readonly string[] = [];
  for (const arg of args) {
    const at = arg.indexOf('=');
    const [name, value] = at === -1 ? [arg, undefined] : [arg.slice(0, at), arg.slice(at + 1)];
    if (value === undefined) {
      fail(
        `argument ${quote(arg)} has no "="; expected name=value`,
        'An argument with blanks stands in brackets as a whole, as in [user_template={{.Subject | trimPrefix "x"}}].',
      );
      continue;
    }
    if (!NAMES.includes(name)) {
      fail(`pam_oidc knows no option ${quote(name)}; its options are ${NAMES.join(', ')}`);
      continue;
    }
    // These two are one option with two names.
    const key = name === 'require_acrs' ? 'require_acr' : name;
    if (values.has(key)) {
      note(`${name} takes the place of an earlier one, as with pam_oidc`);
    }
    values.set(key, value);
    if (key === 'require_acr') {
      acrs = name === key ? [value] : value.split(',');
    }
  }
  for (const name of ['issuer', 'aud'].filter((key) => (values.get(key) ?? '') === '')) {
    fail(`${name} is missing; expected ${name}=…, without which pam_oidc lets nobody in`);
  }
  const ttl = values.get('cache_ttl');
  const seconds = ttl === undefined ? undefined : parseGoDuration(ttl);
  if (ttl !== undefined && (seconds === undefined || seconds <= 0)) {
    fail(`cache_ttl is ${quote(ttl)}; expected a duration of Go over 0, such as 30m or 12h`);
  }
  const groups = values.get('authorized_groups');
  return sound
    ? {
        issuer: values.get('issuer') ?? '',
        audience: values.get('aud') ?? '',
        userTemplate: values.get('user_template') ?? '',
        groupsClaim: values.get('groups_claim_key') ?? '',
        authorizedGroups: groups === undefined ? [] : groups.split(','),
        acrs,
        httpProxy: values.get('http_proxy') ?? '',
        cacheFolder: values.get('cache_dir') ?? '',
        cacheTTL: ttl === undefined || seconds === undefined ? undefined : { seconds, text: ttl },
      }
    : undefined;
}
