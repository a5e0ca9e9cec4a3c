// The JSON Schema of issuers.yaml says what the validation says, as far as a schema can: what is accepted fits it, and what it
// refuses is refused.
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { configurationJSONSchema } from '../../../src/config/schema/json-schema.ts';
import { readPage } from '../../docs/read-markdown.ts';
import { validateSchema } from '../../support/validate-schema.ts';
import { loadVectorFiles } from '../../vectors/tokens/vector.ts';
import { problemsOf } from '../problems-of.ts';

const schema = configurationJSONSchema();
const ROOT = join(import.meta.dirname, '..', '..', '..');

function fits(text: string): string[] {
  return validateSchema(schema, parse(text));
}

const entry = (more: string): string => `apiVersion: pgtoken/v1
issuers:
- name: a
  issuer: {url: "https://a.example.com", audiences: [a]}
  roles: [{claim: sub}]
  ${more}
`;

describe('the JSON Schema', () => {
  it('fits every policy of the token vectors, and every whole file of the documentation', async () => {
    const names = new Set(
      (await loadVectorFiles()).flatMap((file) => file.vectors.map((one) => one.policy)),
    );
    const texts = await Promise.all(
      [...names].map(async (name) =>
        readFile(join(ROOT, 'test/vectors/tokens/policies', `${name}.yaml`), 'utf8'),
      ),
    );
    for await (const path of glob('{README,docs/**/*}.md', { cwd: ROOT })) {
      // Not pgpass.yaml, which has a schema of its own.
      const blocks = readPage(path).blocks.filter(
        ({ text }) => text.startsWith('apiVersion:') && /^issuers:/m.test(text),
      );
      texts.push(...blocks.map(({ text }) => text));
    }
    expect(texts.length).toBeGreaterThan(12);
    for (const text of texts) {
      expect({ text, problems: problemsOf(text) }).toEqual({ text, problems: [] });
      expect({ text, misfits: fits(text) }).toEqual({ text, misfits: [] });
    }
  });

  it.each<readonly [more: string, misfit: string]>([
    ['unknown: 1', '$.issuers[0].unknown additionalProperties'],
    ['http: {timeout: 3}', '$.issuers[0].http.timeout type'],
    ['http: {timeout: 3 s}', '$.issuers[0].http.timeout pattern'],
    ['http: {proxyURL: "https://a"}', '$.issuers[0].http.proxyURL pattern'],
    ['keys: {jwksURI: "http://a"}', '$.issuers[0].keys.jwksURI pattern'],
    ['keys: {}', '$.issuers[0].keys oneOf'],
    ['keys: {jwksFile: a, publicKeysFile: b}', '$.issuers[0].keys oneOf'],
    ['token: {algorithms: [HS256]}', '$.issuers[0].token.algorithms[0] enum'],
    ['token: {algorithms: []}', '$.issuers[0].token.algorithms minItems'],
    ['token: {maxBytes: 70000}', '$.issuers[0].token.maxBytes anyOf'],
    ['token: {maxBytes: 16 KB}', '$.issuers[0].token.maxBytes anyOf'],
    ['token: {allowSenderConstrained: "no"}', '$.issuers[0].token.allowSenderConstrained type'],
    ['token: {boundTo: [job]}', '$.issuers[0].token.boundTo[0] enum'],
    ['claimValidationRules: [{claim: a}]', '$.issuers[0].claimValidationRules[0] oneOf'],
    [
      'claimValidationRules: [{claim: a, forbidden: false}]',
      '$.issuers[0].claimValidationRules[0].forbidden const',
    ],
    [
      'claimValidationRules: [{claim: a, requiredValue: [a]}]',
      '$.issuers[0].claimValidationRules[0].requiredValue anyOf',
    ],
    ['deny: {issuedBefore: 2026-01-01}', '$.issuers[0].deny.issuedBefore pattern'],
    ['pam: {services: []}', '$.issuers[0].pam.services minItems'],
    ['cache: {maxStale: ""}', '$.issuers[0].cache.maxStale pattern'],
  ])('refuses what the validation refuses: %s', (more, misfit) => {
    expect(fits(entry(more))).toContain(misfit);
    expect(problemsOf(entry(more))).not.toEqual([]);
  });

  it('refuses an entry of nobody, or of two', () => {
    for (const issuer of [
      '{audiences: [a]}',
      '{url: "https://a.example.com", spiffeTrustDomain: a, audiences: [a]}',
    ]) {
      const text = entry('').replace(/issuer: .*/, `issuer: ${issuer}`);
      expect(fits(text)).toContain('$.issuers[0].issuer oneOf');
      expect(problemsOf(text)).not.toEqual([]);
    }
  });

  it('knows the keys that the validation knows, each with its meaning', () => {
    const parts: { readonly path: string; readonly part: object }[] = [];
    const collect = (part: unknown, path: string): void => {
      if (typeof part !== 'object' || part === null) return;
      const { properties, items } = part as {
        properties?: Record<string, object>;
        items?: unknown;
      };
      for (const [key, member] of Object.entries(properties ?? {})) {
        const below = `${path}.${key}`;
        parts.push({ path: below, part: member });
        collect(member, below);
      }
      collect(items, `${path}[]`);
    };
    collect(schema, '$');
    const mute = parts.filter(({ part }) => !('properties' in part) && !('description' in part));
    expect(mute).toEqual([]);
    expect(parts.length).toBeGreaterThan(60);
    expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
  });
});
