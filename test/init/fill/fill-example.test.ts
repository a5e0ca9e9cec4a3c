// Every example with somebody's own values in it: nothing of the example's own is left where it decides, and a value is never
// anything but a value.
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod/mini';

import { addAnswers, findMissing } from '../../../src/init/answers.ts';
import { fillExample } from '../../../src/init/fill/fill-example.ts';
import type { Kind } from '../../../src/init/kind.ts';
import { findKind, KINDS } from '../../../src/init/kinds.ts';
import { pathOfExample, readShippedText } from '../../../src/init/shipped-texts.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { SAMPLE_SETTINGS } from '../sample-settings.ts';

function fill(
  kind: Kind,
  settings: readonly string[],
  additions: Partial<Parameters<typeof fillExample>[3]> = {},
) {
  const answers = new Map<string, string[]>();
  const problem = addAnswers(
    kind,
    answers,
    settings.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
  );
  if (problem !== undefined) throw new Error(problem.problem);
  expect(findMissing(kind, answers)).toEqual([]);
  return fillExample(kind, readShippedText(pathOfExample(kind.name)), answers, {
    name: undefined,
    service: undefined,
    certificateAuthorityFile: undefined,
    provision: false,
    ...additions,
  });
}

function kindOf(name: string): Kind {
  const kind = findKind(name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  return kind;
}

function filled(name: string, settings: readonly string[], additions = {}): string {
  const text = fill(kindOf(name), settings, additions);
  if (typeof text !== 'string') throw new Error(text.problem);
  return text;
}

const readable = z.looseObject({
  servers: z.optional(z.unknown()),
  issuers: z.array(
    z.looseObject({
      issuer: z.looseObject({ audiences: z.unknown() }),
      roles: z.unknown(),
      pam: z.optional(z.unknown()),
      provision: z.optional(z.unknown()),
    }),
  ),
});
/** What YAML is in it, whatever pgtoken makes of that. */
function read(text: string) {
  return readable.parse(parse(text));
}

/** What of an example is somebody's own. */
function ownTexts({ parameters }: Kind): string[] {
  return parameters.flatMap((one) => {
    switch (one.kind) {
      case 'value':
        return one.default === undefined ? [one.replaces] : [];
      case 'list':
        return [...one.replaces];
      default:
        return [];
    }
  });
}

/** What decides for somebody: neither comments nor the roles that are nobody's. */
function withoutComments(text: string): string {
  return text.replaceAll(/(?:^|\s)#.*$/gm, '').replace(/^protectedRoles: .*\n/m, '');
}

describe('an example', () => {
  it('has answers in this test, each of them', () => {
    expect(Object.keys(SAMPLE_SETTINGS).toSorted()).toEqual(
      KINDS.map(({ name }) => name).toSorted(),
    );
  });

  it.each(KINDS.map((kind) => [kind.name, kind] as const))(
    '%s has the places that its kind speaks of, and none of them keeps its own',
    (name, kind) => {
      const example = withoutComments(readShippedText(pathOfExample(name)));
      const text = withoutComments(filled(name, SAMPLE_SETTINGS[name] ?? []));
      for (const own of ownTexts(kind)) {
        const word = new RegExp(
          `(?<![A-Za-z0-9])${RegExp.escape(own)}(?![A-Za-z0-9])`.replaceAll(
            String.raw`\.`,
            String.raw`\\?\.`,
          ),
        );
        expect(example).toMatch(word);
        expect(text).not.toMatch(word);
      }
      expect(text).not.toContain('example.');
      expect(text).not.toContain('# @');
      const parsed = parseConfig(text);
      expect(parsed.ok ? [] : parsed.problems).toEqual([]);
    },
  );

  it.each(KINDS.map(({ name }) => name))('%s keeps its comments', (name) => {
    const count = (text: string): number => [...text.matchAll(/^#/gm)].length;
    expect(count(filled(name, SAMPLE_SETTINGS[name] ?? []))).toBe(
      count(readShippedText(pathOfExample(name))),
    );
  });
});

describe('values', () => {
  it.each([
    'a] # b',
    '{x: y}',
    'x: y',
    'x, y',
    '&anchor',
    '*alias',
    '!tag',
    '%x',
    '@x',
    '`x',
    '123',
    '0x1f',
    '1e3',
    'true',
    'null',
    '~',
    '- x',
    '? x',
    '2026-11-29',
    'grün',
    '.inf',
  ])('are values, whatever they are: %s', (audience) => {
    const text = filled('okta', ['url=https://corp.okta.com', `audience=${audience}`]);
    expect(read(text).issuers[0]?.issuer.audiences).toEqual([audience]);
    const group = filled('authentik', [
      'url=https://id.corp.test/application/o/db/',
      'audience=x',
      `group-role=${audience}=reader`,
    ]);
    expect(read(group).issuers[0]?.roles).toEqual([
      { claim: 'groups', equals: audience, role: 'reader' },
    ]);
  });

  it.each(['a"b', "a'b", 'a\\b', 'a\nb', 'a\u2028b', ' a', 'a ', '', '\u001b[31m'])(
    'are not taken where they would leave their place: %j',
    (audience) => {
      const answers = new Map<string, string[]>();
      expect(addAnswers(kindOf('okta'), answers, [['audience', audience]])?.problem).toMatch(
        /^audience is ".*"; expected a text without quotes, backslashes and control characters$/,
      );
    },
  );

  it.each(['postgres;id #', 'a$(id)', 'a`id`', 'a|id', 'a>b', 'a&b', 'a b'])(
    'that a shell would take for more are in no command of a comment: %j',
    (audience) => {
      const text = filled('kubernetes-default-issuer', [
        'url=https://kubernetes.default.svc',
        `audience=${audience}`,
        'namespaces=shop',
        'jwks=k8s.jwks.json',
      ]);
      const comments = text.split('\n').filter((line) => /^ *#/.test(line));
      expect(comments.filter((line) => line.includes(audience))).toEqual([]);
      expect(comments.filter((line) => line.includes('--audience postgres'))).toHaveLength(1);
      expect(readable.parse(parse(text)).issuers[0]?.issuer.audiences).toEqual([audience]);
    },
  );

  it('are not looked into for others', () => {
    const text = filled('google-workloads', [
      'audience=example-project',
      'project=db',
      'account-role=12=reports',
    ]);
    expect(read(text).issuers[0]?.issuer.audiences).toEqual(['example-project']);
  });

  it('mean themselves in patterns', () => {
    const text = filled('spiffe', ['trust-domain=a.b-c.test', 'bundle-url=https://spire.test']);
    expect(text).toContain(String.raw`pattern: 'spiffe://a\.b-c\.test/ns/`);
    expect(read(text).issuers).toHaveLength(1);
  });
});

describe('rules', () => {
  it('are those that somebody has asked for', () => {
    const text = filled('keycloak', [
      'url=https://login.corp.test/realms/staff',
      'audience=pg',
      'admitted-groups=/a',
      'group-role=/a=x,y',
      'group-role=a=b=z',
    ]);
    expect(read(text).issuers[0]?.roles).toEqual([
      { claim: 'groups', equals: '/a', role: ['x', 'y'] },
      { claim: 'groups', equals: 'a=b', role: 'z' },
    ]);
  });

  it('take what is said of them along', () => {
    const text = filled('github-actions', ['audience=a', 'owner-id=1', 'repository-role=2=ci']);
    expect(text).toContain('# Every job of one repository.');
    expect(text).not.toContain('# Jobs of any repository');
  });

  it('must be some', () => {
    expect(
      fill(kindOf('buildkite'), [
        'audience=a',
        'organization-id=0184990a-477b-4fa8-9968-496074483e70',
      ]),
    ).toEqual({
      problem: 'nobody could log in by buildkite: no role is given',
      hint: 'Give --set pipeline-role=WHO=ROLE.',
    });
  });
});

describe('entries', () => {
  it('are the one that was chosen', () => {
    const text = filled('entra-people', [
      'tenant=0a0a0a0a-0b0b-4c0c-8d0d-0e0e0e0e0e0e',
      'registration=0b0b0b0b-0b0b-4c0c-8d0d-0e0e0e0e0e0e',
      'version=v1',
      'app-role=db.reader=reader',
    ]);
    expect(read(text).issuers).toMatchObject([
      { name: 'people-v1', roles: [{ claim: 'roles', equals: 'db.reader', role: 'reader' }] },
    ]);
  });

  it('of a partner need all of it', () => {
    const answers = new Map([
      ['trust-domain', ['a.test']],
      ['bundle-url', ['https://a.test']],
      ['partner-bundle', ['x']],
    ]);
    expect(findMissing(kindOf('spiffe'), answers).map(({ name }) => name)).toEqual([
      'partner-trust-domain',
    ]);
  });
});

describe('additions', () => {
  it('name entry and files', () => {
    const text = filled(
      'kubernetes-closed-api',
      ['api-server=192.0.2.1:443', 'certificate-authority=x'],
      {
        name: 'west',
      },
    );
    expect(read(text).issuers[0]).toMatchObject({
      name: 'west',
      issuer: { certificateAuthorityFile: 'west-ca.pem' },
      keys: { bearerTokenFile: 'west.token' },
    });
    expect(text).toContain('/etc/pgtoken/west.token');
  });

  it('name a certificate authority where the example has none', () => {
    const text = filled('kubernetes', ['url=https://a.test'], {
      certificateAuthorityFile: 'x-ca.pem',
    });
    expect(read(text).issuers[0]?.issuer).toMatchObject({
      url: 'https://a.test',
      certificateAuthorityFile: 'x-ca.pem',
    });
  });

  it('have roles made at login, by every entry', () => {
    const text = filled(
      'kubernetes-two-clusters',
      SAMPLE_SETTINGS['kubernetes-two-clusters'] ?? [],
      {
        provision: true,
      },
    );
    const parsed = read(text);
    expect(parsed.servers).toEqual([
      { name: 'main', connection: 'host=/var/run/postgresql port=5432' },
    ]);
    expect(parsed.issuers.map(({ provision }) => provision)).toEqual([
      { create: true, onError: 'deny' },
      { create: true, onError: 'deny' },
    ]);
    const checked = parseConfig(text);
    expect(checked.ok ? [] : checked.problems).toEqual([]);
  });

  it('name the service where the example does', () => {
    const text = filled('spiffe', ['trust-domain=a.test', 'bundle-url=https://a.test'], {
      service: 'pg',
    });
    expect(read(text).issuers[0]?.pam).toEqual({ services: ['pg'] });
  });
});
