// From a line of pam_oidc to an entry of issuers.yaml and the lines of pam_pgtoken.so that take its place.
//
// Whatever cannot be carried over is told, never guessed; and where what is missing would let more people in, the entry has
// no roles, so that nobody can use it as it is.
import { issuerSchema } from '../config/schema/key-schema.ts';
import { isPlainHttpsURL, PLAIN_HTTPS_URL } from '../values/values.ts';
import { quote } from '../quote.ts';
import { collectInto, type Finding, type Report } from './findings.ts';
import { type PAMLine, parsePAMLine } from './parse-pam-line.ts';
import { type OIDCOptions, parseOptions } from './parse-options.ts';
import { translateCache, translateProxy } from './translate-retrieval.ts';
import { type MigratedRule, translateTemplate } from './translate-template.ts';
import {
  type MigratedValidation,
  translateACRs,
  translateGroups,
} from './translate-validations.ts';

/** An entry of `issuers`, as it is written. */
export interface MigratedEntry {
  readonly name: string;
  readonly issuer: { readonly url: string; readonly audiences: readonly string[] };
  readonly http?: { readonly proxyURL: string };
  readonly claimValidationRules?: readonly MigratedValidation[];
  /** Empty where nobody may use the entry as it is. */
  readonly roles: readonly MigratedRule[];
  readonly cache?: { readonly refreshInterval: string; readonly maxStale?: string };
}

/** What became of a line. */
export type Migration =
  | {
      readonly usable: true;
      readonly entry: MigratedEntry;
      /** The lines of the PAM service file. */
      readonly pamLines: readonly string[];
      /** What could not be carried over. */
      readonly losses: readonly Finding[];
      /** What is carried over and will not be quite the same. */
      readonly notes: readonly Finding[];
    }
  | { readonly usable: false; readonly problems: readonly Finding[] };

/** Translates one line of a PAM service file. Looks at nothing but the line. */
export function translateLine(text: string): Migration {
  const problems: Finding[] = [];
  const notes: Finding[] = [];
  const losses: Finding[] = [];
  const [note, loss] = [collectInto(notes), collectInto(losses)];
  const line = parsePAMLine(text, collectInto(problems));
  if (line === undefined || !isAuthLineOfPAMOIDC(line, collectInto(problems))) {
    return { usable: false, problems };
  }
  const options = parseOptions(line.arguments, collectInto(problems), note);
  if (options === undefined) {
    return { usable: false, problems };
  }

  let withheld = false;
  const withhold: Report = (message, hint) => {
    withheld = true;
    loss(message, hint);
  };
  const pamLines = translateControl(line, loss, note);
  const issuer = translateIssuer(options, loss, note);
  const validations = [
    ...translateGroups(options, loss, withhold, note),
    ...translateACRs(options, loss, note),
  ];
  const rule = translateTemplate(options.userTemplate || '{{.Subject}}', loss, note);
  const proxyURL = translateProxy(options.httpProxy, loss, note);
  const cache = translateCache(options, loss, note);
  return {
    usable: true,
    entry: {
      name: nameOf(options.issuer),
      issuer,
      ...(proxyURL === undefined ? {} : { http: { proxyURL } }),
      ...(validations.length === 0 ? {} : { claimValidationRules: validations }),
      roles: rule === undefined || withheld ? [] : [rule],
      ...(cache === undefined ? {} : { cache }),
    },
    pamLines,
    losses,
    notes,
  };
}

function isAuthLineOfPAMOIDC(line: PAMLine, problem: Report): boolean {
  const [file = ''] = line.module.split('/').slice(-1);
  if (!/^pam_oidc(?:\.so(?:\.[0-9A-Za-z.~+-]+)?)?$/.test(file)) {
    problem(`the module is ${quote(line.module)}; expected pam_oidc.so`);
    return false;
  }
  if (line.type !== 'auth') {
    problem(
      `the line is for ${quote(line.type)}; expected auth, as pam_oidc answers nothing else`,
      'Give the auth line; the account line of pam_pgtoken.so comes with it.',
    );
    return false;
  }
  return true;
}

function translateControl(line: PAMLine, loss: Report, note: Report): readonly string[] {
  const kept = line.control === 'required' || line.control === 'requisite';
  if (!kept) {
    loss(
      `control ${quote(line.control)}: with it the other lines of the file decide too; required is written instead`,
      'Look at the other lines of the service file: none of them may let in whom pgtoken has refused.',
    );
  }
  if (line.quiet) {
    note('the "-" in front of auth is left out: a missing module is logged');
  }
  return [
    `auth     ${(kept ? line.control : 'required').padEnd(9)} pam_pgtoken.so`,
    'account  required  pam_pgtoken.so',
  ];
}

function translateIssuer(
  { issuer, audience }: OIDCOptions,
  loss: Report,
  note: Report,
): MigratedEntry['issuer'] {
  const written = { url: issuer, audiences: [audience] };
  const { error } = issuerSchema.safeParse(written);
  const faults = (error?.issues ?? []).map(({ message }) => message);
  // pam_oidc knows discovery alone, so that the issuer is an address.
  if (issuer !== '' && !isPlainHttpsURL(issuer)) {
    faults.push(PLAIN_HTTPS_URL);
  }
  for (const fault of faults) {
    loss(
      `issuer ${quote(issuer)}: it ${fault}`,
      'The file cannot be used with it. Where the keys come another way, see keys in docs/reference/configuration.md.',
    );
  }
  if (issuer.endsWith('/')) {
    note(
      'the issuer ends with a slash: pgtoken asks for its .well-known/openid-configuration with one slash in front, pam_oidc with two',
    );
  }
  return written;
}

/** A DNS label made of the issuer's host. */
function nameOf(issuer: string): string {
  const host = URL.canParse(issuer) ? new URL(issuer).hostname : '';
  const label = host
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '');
  return label === '' ? 'migrated' : label;
}
