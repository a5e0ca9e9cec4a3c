// User templates: what is understood of them, and that nothing else ever becomes a rule. The properties hold the translation
// to the model of pam_oidc: a role that a rule permits is one that pam_oidc would have permitted.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseTemplate } from '../../src/migrate/parse-template.ts';
import { TemplateProblem } from '../../src/migrate/template-problem.ts';
import { type MigratedRule, translateTemplate } from '../../src/migrate/translate-template.ts';
import { compileRoleRules } from '../../src/roles/compile-role-rules.ts';
import { decideAsPAMOIDC } from '../support/decide-as-pam-oidc.ts';
import { RULE_TOOLS } from '../support/rule-tools.ts';

const ignore = (): void => undefined;
const ruleOf = (template: string): MigratedRule | undefined =>
  translateTemplate(template, ignore, ignore);

describe('a template that is understood', () => {
  it.each<[template: string, rule: MigratedRule]>([
    ['{{.Subject}}', { claim: 'sub' }],
    ['{{ .Issuer }}', { claim: 'iss' }],
    ['{{.Nonce}}', { claim: 'nonce' }],
    ['{{.ACR}}', { claim: 'acr' }],
    ['{{.AZP}}', { claim: 'azp' }],
    ['{{.Extra.email}}', { claim: 'email' }],
    ['{{.Extra.a.b}}', { claim: '/a/b' }],
    ['{{index .Extra "a.b"}}', { claim: 'a.b' }],
    ['{{index .Extra `/a~`}}', { claim: '/~1a~0' }],
    ['{{index .Extra ""}}', { claim: '/' }],
    [
      '{{.Subject|trimPrefix "system:serviceaccount:" }}',
      { claim: 'sub', trimPrefix: 'system:serviceaccount:' },
    ],
    [
      '{{trimSuffix "b" (trimPrefix "a" .Subject)}}',
      { claim: 'sub', trimPrefix: 'a', trimSuffix: 'b' },
    ],
    ['{{(.Subject | trimSuffix "b") | trimSuffix "a"}}', { claim: 'sub', trimSuffix: 'ab' }],
    ['{{.Subject | trimPrefix "a" | trimPrefix "b"}}', { claim: 'sub', trimPrefix: 'ab' }],
    ['{{.Subject | trimPrefix ""}}', { claim: 'sub' }],
    ['{{.Subject | trimPrefix "\\"\\\\\\u00e9"}}', { claim: 'sub', trimPrefix: '"\\é' }],
    ['{{.Subject | trimPrefix `"\\`}}', { claim: 'sub', trimPrefix: '"\\' }],
    ['a-{{.Subject}}-b', { claim: 'sub', pattern: '(?s)(.*)', role: 'a-\\1-b' }],
    ['{{"a"}}{{`b`}}{{.Subject}}', { claim: 'sub', pattern: '(?s)(.*)', role: 'ab\\1' }],
    ['a {{- .Subject -}} b', { claim: 'sub', pattern: '(?s)(.*)', role: 'a\\1b' }],
    ['a {{- /* c */ -}} {{ .Subject }}', { claim: 'sub', pattern: '(?s)(.*)', role: 'a\\1' }],
    ['{{/* }} */}}{{.Subject}}', { claim: 'sub' }],
    ['a}}b', { claim: 'sub', pattern: '(?s).*', role: 'a}}b' }],
  ])('%s', (template, rule) => {
    expect(ruleOf(template)).toEqual(rule);
  });
});

describe('a template that is not understood', () => {
  it.each<[template: string, message: string]>([
    [
      '{{.Subject | printf "%s"}}',
      'it uses "printf"; only trimPrefix, trimSuffix and index have an equal in a role rule',
    ],
    [
      '{{if .ACR}}a{{end}}',
      'it uses "if"; only trimPrefix, trimSuffix and index have an equal in a role rule',
    ],
    [
      '{{nil}}',
      'it uses "nil"; only trimPrefix, trimSuffix and index have an equal in a role rule',
    ],
    ['{{.Email}}', 'pam_oidc has no field ".Email", and lets nobody in'],
    ['{{.Subject.x}}', '".Subject.x" is no text'],
    ['{{.Expiry}}', '".Expiry" is no text'],
    ['{{.Extra}}', 'it writes all of .Extra, which is no text'],
    ['{{.Extra.sub}}', 'pam_oidc never has "sub" in .Extra'],
    ['{{index .Extra "a" "b"}}', 'index is understood only as in index .Extra "name"'],
    ['{{index .Audience 0}}', 'it is not understood from "0" on'],
    ['{{.}}', 'it is not understood from "." on'],
    ['{{$x := .Subject}}', 'it is not understood from "$x := .Subject" on'],
    [
      '{{.Subject | trimPrefix .Issuer}}',
      'trimPrefix is understood only with a fixed text, and on a claim',
    ],
    ['{{"a" | trimPrefix "a"}}', 'trimPrefix is understood only with a fixed text, and on a claim'],
    ['{{trimPrefix "a"}}', 'trimPrefix is understood only with a fixed text, and on a claim'],
    ['{{.Subject "a"}}', 'a value is given an argument'],
    ['{{"a" | .Subject}}', 'a value is given an argument'],
    ['{{.Subject | }}', 'a part of it is empty'],
    ['{{.Subject | | trimPrefix "a"}}', 'a part of it is empty'],
    ['{{}}', 'a part of it is empty'],
    ['{{()}}', 'a part of it is empty'],
    ['{{(.Subject}}', 'it has an open parenthesis'],
    [`{{${'('.repeat(21)}`, 'it has over 20 parentheses in one another'],
    ['{{.Subject)}}', 'it is not understood behind ")"'],
    ['{{(.Extra).email}}', 'it is not understood behind ")"'],
    ['{{.Subject', 'it is not understood behind ".Subject"'],
    ['{{.Subject ', 'it has an action that never ends'],
    ['{{trimPrefix"a" .Subject}}', 'it is not understood behind "trimPrefix"'],
    ['{{.Subject-}}', 'it is not understood behind ".Subject"'],
    ['{{-.Subject}}', 'it is not understood from "-.Subject" on'],
    ['{{/* a */ }}', 'it is not understood from "/* a */ " on'],
    ['{{/* a */ x */}}', 'it is not understood from "/* a */ x */" on'],
    [
      '{{.Subject | trimPrefix "\\x41"}}',
      'it has a text in quotes that is not understood: "\\x41"',
    ],
    ['{{.Subject | trimPrefix "\\/"}}', 'it has a text in quotes that is not understood: "\\/"'],
    [
      '{{.Subject | trimPrefix "\\ud83d\\ude00"}}',
      'it has a text in quotes that is not understood: "\\ud83d\\ude00"',
    ],
    [
      '{{trimPrefix trimSuffix "a" .Subject}}',
      '"trimSuffix" stands where only a value is understood',
    ],
  ])('%s', (template, message) => {
    const problem = parseTemplate(template);
    if (!(problem instanceof TemplateProblem)) throw new Error(JSON.stringify(problem));
    expect(problem.message).toBe(message);
  });

  it.each<[template: string, message: string]>([
    [
      '{{.Extra.a}}{{.Extra.b}}',
      'it uses several values; a role rule makes a role of one claim, trimmed in one way',
    ],
    ['{{/* a */}}', 'it writes nothing, and pam_oidc lets nobody in'],
    ['\\1{{.Subject}}', 'it has a backslash before a digit, which would be a group in a role'],
    ['\\{{"1"}}', 'it has a backslash before a digit, which would be a group in a role'],
  ])('or has no rule: %s', (template, message) => {
    const losses: string[] = [];
    expect(translateTemplate(template, (loss) => losses.push(loss), ignore)).toBeUndefined();
    expect(losses).toEqual([`user_template ${JSON.stringify(template)}: ${message}`]);
  });
});

const TEXTS = ['a', 'ab', 'b', 'ba', '-', ' ', 'é', '\n'];
const value = fc.array(fc.constantFrom(...TEXTS), { maxLength: 5 }).map((list) => list.join(''));
const action = fc
  .tuple(
    fc.constantFrom('.Subject', '.ACR', '.Extra.email', 'index .Extra "email"'),
    fc.array(
      fc.tuple(fc.constantFrom('trimPrefix', 'trimSuffix'), fc.constantFrom('a', 'ab', 'b', 'ba')),
      { maxLength: 3 },
    ),
    fc.constantFrom('', ' '),
  )
  .map(
    ([field, trims, blank]) =>
      `{{${blank}${[field, ...trims.map(([name, text]) => `${name} "${text}"`)].join(`${blank}|${blank}`)}${blank}}}`,
  );
const template = fc
  .array(fc.oneof(action, fc.constantFrom('db_', 'x', '-')), { minLength: 1, maxLength: 3 })
  .map((list) => list.join(''));

describe('a role that a rule permits', () => {
  it('is the one that pam_oidc demands, for every template that is understood', () => {
    let permitted = 0;
    fc.assert(
      fc.property(template, value, value, value, (source, sub, acr, email) => {
        const rule = ruleOf(source);
        if (rule === undefined) return;
        const rolesOf = compileRoleRules(
          [{ shorten: false, ...rule }],
          RULE_TOOLS,
          (path, message) => {
            throw new Error(`${path.join('.')}: ${message}`);
          },
        );
        const claims = { iss: 'https://a.example.com', aud: 'b', sub, acr, email };
        const line = `auth required m.so issuer=https://a.example.com aud=b [user_template=${source}]`;
        for (const role of rolesOf(claims)) {
          permitted += 1;
          expect(decideAsPAMOIDC(line, claims, role, 0)).toBeUndefined();
        }
      }),
      { numRuns: 2000, seed: 4 },
    );
    expect(permitted).toBeGreaterThan(200);
  });

  it('and whatever the template is, there is a rule or a reason, never an exception', () => {
    const actions = ['{{', '}}', '{{- ', ' -}}', '|', '(', ')', '/*', '*/', '$', ':=', ' '];
    const operands = ['.', '.Subject', 'Subject', 'trimPrefix', '"a"', 'index .Extra', 'if'];
    const others = ['"', '`', '\\', 'é', '\u{1F600}'];
    const piece = fc.constantFrom(...actions, ...operands, ...others);
    const anything = fc.oneof(
      fc.array(piece, { maxLength: 12 }).map((list) => list.join('')),
      fc.string({ unit: 'binary', maxLength: 40 }),
    );
    fc.assert(
      fc.property(anything, (source) => {
        const losses: string[] = [];
        const rule = translateTemplate(source, (loss) => losses.push(loss), ignore);
        expect(rule === undefined).toBe(losses.length > 0);
      }),
      { numRuns: 3000, seed: 4 },
    );
  });

  it('a long template costs no time', () => {
    for (const source of [
      '{{'.repeat(50_000),
      '{{.Subject|'.repeat(10_000),
      '{{/*'.repeat(30_000),
      `{{${'('.repeat(5000)}`,
    ]) {
      expect(parseTemplate(source)).toBeInstanceOf(TemplateProblem);
    }
  });
});
