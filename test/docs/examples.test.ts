// Holds docs/start/examples.md and the pages for people, CI, SPIFFE and clouds to the examples: the numbers of the tables are those of
// the vectors, every example is shown where somebody looks for it, and what stands around an issuers.yaml fits it.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod/mini';

import { parseConfig } from '../../src/config/parse-config.ts';
import { readExample } from '../examples/stage-example.ts';
import { type ExampleVectors, loadExampleVectors } from '../vectors/examples/vector.ts';
import { type Page, readPage, ROOT } from './read-markdown.ts';

const examples = await loadExampleVectors();
const overview = readPage('docs/start/examples.md');
const pages = [
  'docs/issuers/people.md',
  'docs/issuers/ci.md',
  'docs/issuers/spiffe.md',
  'docs/issuers/clouds.md',
].map((path) => [path, readPage(path)] as const);

/** The examples that a page leads to. */
function examplesOf(page: Page): string[] {
  const names = page.links
    .filter((link) => /^\.\.\/\.\.\/packaging\/examples\/[\w-]+\.yaml$/.test(link))
    .map((link) => basename(link, '.yaml'));
  return [...new Set(names)];
}

const parts = z.tuple([
  z.looseObject({ alg: z.string() }),
  z.looseObject({ iat: z.number(), exp: z.number() }),
]);

function decode(token: string) {
  const [header = '', claims = ''] = token.split('.');
  return parts.parse(
    [header, claims].map((part): unknown =>
      JSON.parse(Buffer.from(part, 'base64url').toString('utf8')),
    ),
  );
}

/** What the table says of an example, behind its name and what it is for. */
function numbersOf({ vectors }: ExampleVectors): string[] {
  const tokens = vectors
    .filter(({ expected }) => 'granted' in expected)
    .map(({ token }) => ({ token, parts: decode(token) }));
  const algorithms = new Set(tokens.map(({ parts: [{ alg }] }) => alg));
  return [
    [...algorithms].toSorted().join(', '),
    range(
      tokens.map(({ token }) => Buffer.byteLength(token)),
      String,
    ),
    range(
      tokens.map(({ parts: [, { exp, iat }] }) => exp - iat),
      formatDuration,
    ),
    `${vectors.length}, ${tokens.length} of them granted`,
  ];
}

function range(values: readonly number[], format: (value: number) => string): string {
  const ends = new Set([Math.min(...values), Math.max(...values)]);
  return [...ends].map(format).join(' to ');
}

function formatDuration(seconds: number): string {
  const amounts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  return amounts.flatMap(([amount, unit]) => (amount === 0 ? [] : [`${amount} ${unit}`])).join(' ');
}

describe('docs/start/examples.md', () => {
  it('has every example, with the numbers of its vectors', () => {
    const rows = overview.rows.map(([link = '', , ...numbers]) => [
      /^\[([\w-]+)\]/.exec(link)?.[1],
      ...numbers,
    ]);
    const expected = [...examples].map(([name, vectors]) => [name, ...numbersOf(vectors)]);
    const byName = ([a = '']: readonly (string | undefined)[], [b = '']: (typeof rows)[number]) =>
      a.localeCompare(b);
    expect(rows.toSorted(byName)).toEqual(expected.toSorted(byName));
  });

  it('leads to each example under its own name', () => {
    expect(overview.rows.map(([link]) => link)).toEqual(
      examplesOf(overview).map((name) => `[${name}](../../packaging/examples/${name}.yaml)`),
    );
  });

  it('is right about which limits they exceed', () => {
    const lengths = [...examples].map(([name, { vectors }]) => ({
      name,
      bytes: vectors
        .filter(({ expected }) => 'granted' in expected)
        .map(({ token }) => Buffer.byteLength(token)),
    }));
    const fitting = (limit: number) =>
      lengths.filter(({ bytes }) => bytes.some((one) => one <= limit)).map(({ name }) => name);
    expect(fitting(511)).toEqual(['spiffe']);
    expect(fitting(995).length).toBeLessThan(lengths.length / 2);
    expect(lengths.filter(({ bytes }) => bytes.some((one) => one > 2047))).toEqual([]);
  });
});

describe('the pages for people, CI, SPIFFE and clouds', () => {
  it('lead to every example that is not for a cluster of your own, each from one page', () => {
    const shown = pages.flatMap(([, page]) => examplesOf(page));
    const others = [...examples.keys()].filter((name) => !name.startsWith('kubernetes-'));
    expect(shown.toSorted()).toEqual(others.toSorted());
  });

  it.each(pages)(
    '%s has a PAM service, and pg_hba.conf and examples use it',
    async (_path, page) => {
      const files = page.blocks.flatMap(({ text }) =>
        [...text.matchAll(/^# \/etc\/pam\.d\/([\w-]+)$/gm)].map(([, name]) => name),
      );
      const lines = page.blocks.flatMap(({ text }) => text.match(/^host.*$/gm) ?? []);
      expect(files).toHaveLength(1);
      expect(lines).not.toEqual([]);
      for (const line of lines) {
        expect(line).toMatch(/^hostssl  \S+  \+\w+  [\d.:/]+ +pam  pamservice=[\w-]+$/);
        expect(line.split('pamservice=')[1]).toBe(files[0]);
      }
      for (const name of examplesOf(page)) {
        const parsed = parseConfig(await readExample(name));
        if (!parsed.ok) throw new Error(`${name} is not valid`);
        for (const { pam } of parsed.config.issuers) {
          expect(pam.services ?? files).toEqual(files);
        }
      }
    },
  );

  it.each(pages)(
    '%s logs in as roles that it has made, members of that of its line',
    (_path, page) => {
      const text = page.blocks.map((block) => block.text).join('\n');
      const made = [...text.matchAll(/^CREATE ROLE (\w+) NOLOGIN;$/gm)].map(([, role]) => role);
      const groups = [...text.matchAll(/ \+(\w+) /g)].map(([, role]) => role);
      expect(made.length).toBeGreaterThan(0);
      expect([...new Set(groups)]).toEqual(made);
      const members = [...text.matchAll(/^CREATE ROLE (\S+) LOGIN IN ROLE (\w+);$/gm)];
      expect(members.filter(([, , group]) => !made.includes(group))).toEqual([]);
      const roles = members.map(([, role = '']) => role.replaceAll('"', ''));
      const used = [...page.text.matchAll(/\buser=(\S+)/g)].map(([, role]) => role);
      expect(used.filter((role) => !roles.includes(role ?? ''))).toEqual([]);
      expect(used).not.toEqual([]);
    },
  );

  it.each(pages)('%s asks for tokens with audiences of its examples', async (_path, page) => {
    const audiences = new Set<string>();
    for (const name of examplesOf(page)) {
      const parsed = parseConfig(await readExample(name));
      if (!parsed.ok) throw new Error(`${name} is not valid`);
      parsed.config.issuers
        .flatMap(({ issuer }) => issuer.audiences)
        .forEach((one) => audiences.add(one));
    }
    const asked = page.blocks.flatMap(({ text }) =>
      [
        ...text.matchAll(
          /(?:audience[ =]|aud: |jwt_audience = "|resource=|oidc-client-id=)([\w.:/-]+)/g,
        ),
      ].map(([, audience = '']) => audience),
    );
    expect(asked).not.toEqual([]);
    expect(asked.filter((audience) => !audiences.has(audience))).toEqual([]);
  });

  it('have snippets of YAML that can be read', () => {
    const snippets = pages.flatMap(([, page]) =>
      page.blocks.filter(({ language }) => language === 'yaml'),
    );
    expect(snippets.length).toBeGreaterThan(2);
    for (const { text } of snippets) expect(parse(text)).toBeTypeOf('object');
  });

  it('are all there is about issuers, but for Kubernetes', () => {
    const there = readdirSync(join(ROOT, 'docs/issuers')).map((file) => `docs/issuers/${file}`);
    expect(there.toSorted()).toEqual(
      [...pages.map(([page]) => page), 'docs/issuers/kubernetes.md'].toSorted(),
    );
  });
});
