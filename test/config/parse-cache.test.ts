// What is remembered of issuers.yaml decides who may log in: it counts for exactly the text and the build that made it, and
// whoever could have written it must be trusted.
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createParseCache } from '../../src/config/parse-cache.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import type { Configuration } from '../../src/config/schema/schema.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';

const EXAMPLES = join(import.meta.dirname, '../../packaging/examples');
const TEXT = `apiVersion: pgtoken/v1
issuers:
- name: a
  issuer: {url: https://a.example.com, audiences: [postgres]}
  roles: [{claim: sub}]
`;
const CONFIG = parse(TEXT);

const stack = new AsyncDisposableStack();
let base: string;
let folder: string;
let file: string;
let made = 0;

beforeAll(async () => {
  base = stack.use(await createTemporaryFolder('parse-cache')).path;
});

beforeEach(() => {
  made += 1;
  folder = join(base, `case-${made}`, 'cache');
  file = join(folder, 'issuers.yaml.json');
});

afterAll(async () => {
  await stack.disposeAsync();
});

function parse(text: string): Configuration {
  const parsed = parseConfig(text);
  if (!parsed.ok) throw new Error(`no configuration: ${JSON.stringify(parsed.problems)}`);
  return parsed.config;
}

function remember(text = TEXT, config = CONFIG): void {
  createParseCache(folder, 'build').remember(text, config);
}

function recall(text = TEXT, build = 'build'): Configuration | undefined {
  return createParseCache(folder, build).recall(text);
}

it('recalls what a text was parsed to', () => {
  expect(recall()).toBeUndefined();
  remember();
  expect(recall()).toStrictEqual(CONFIG);
  expect(readdirSync(folder)).toEqual(['issuers.yaml.json']);
});

describe('recalls every example as it was parsed:', async () => {
  const names = (await readdir(EXAMPLES)).filter((name) => name.endsWith('.yaml'));

  it.each(names)('%s', async (name) => {
    const text = await readFile(join(EXAMPLES, name), 'utf8');
    remember(text, parse(text));
    expect(recall(text)).toStrictEqual(parse(text));
  });
});

it('recalls whatever a key can hold', () => {
  const text = TEXT.replace(
    '[{claim: sub}]',
    `[{claim: sub, pattern: "\\u0000\\u2028.*", role: a, replace: {"constructor": "x", "2": "b", "1": "a"}}]
  token: {clockSkew: 90s, maxBytes: 16KiB, requiredClaims: ["/a~1b"]}
  deny: {issuedBefore: 2026-01-01T00:00:00.5Z}
  claimValidationRules:
  - {claim: n, requiredValues: [0, -9007199254740991, true, "1"]}`,
  );
  const config = parse(text);
  remember(text, config);
  const recalled = recall(text);
  expect(recalled).toStrictEqual(config);
  // The order of replacements counts, and so does that they are members of their own.
  expect(Object.entries(recalled?.issuers[0]?.roles[0]?.replace ?? {})).toEqual(
    Object.entries(config.issuers[0]?.roles[0]?.replace ?? {}),
  );
});

it.each([
  ['another text', `${TEXT}\n`],
  ['a text with another role rule', TEXT.replace('{claim: sub}', '{claim: email}')],
  ['nothing', ''],
])('does not recall it for %s', (_what, text) => {
  remember();
  expect(recall(text)).toBeUndefined();
});

it('does not recall what another build has parsed', () => {
  remember();
  expect(recall(TEXT, 'another')).toBeUndefined();
});

it('remembers the newest text alone', () => {
  const other = TEXT.replace('a.example.com', 'b.example.com');
  remember();
  remember(other, parse(other));
  expect(recall()).toBeUndefined();
  expect(recall(other)?.issuers[0]?.issuer.url).toBe('https://b.example.com');
});

describe('what somebody else could have written is not believed:', () => {
  it.each([
    ['a file that its group may write', () => chmodSync(file, 0o664)],
    ['a file that others may write', () => chmodSync(file, 0o646)],
    ['a file of somebody else', () => chownSync(file, 65_534, 65_534)],
    ['a folder that its group may write', () => chmodSync(folder, 0o775)],
    ['a folder that others may write', () => chmodSync(folder, 0o757)],
    ['a folder of somebody else', () => chownSync(folder, 65_534, 65_534)],
  ])('%s', (_what, change) => {
    remember();
    expect(recall()).toStrictEqual(CONFIG);
    change();
    expect(recall()).toBeUndefined();
  });

  it('a folder behind a link', () => {
    remember();
    const link = join(base, `link-${made}`);
    symlinkSync(folder, link);
    expect(createParseCache(link, 'build').recall(TEXT)).toBeUndefined();
  });
});

describe('what is no record is passed over:', () => {
  it.each([
    ['an empty file', () => ''],
    ['half of it', (text: string) => text.slice(0, text.length / 2)],
    ['something else', () => 'issuers: []'],
    ['null', () => 'null'],
    ['a list', () => '[]'],
    ['no configuration', () => JSON.stringify({ build: 'build', text: TEXT })],
    ['more than is read', (text: string) => text + ' '.repeat(4 * 1024 * 1024)],
  ])('%s', (_what, damage) => {
    remember();
    writeFileSync(file, damage(readFileSync(file, 'utf8')));
    expect(recall()).toBeUndefined();
  });
});

it('does without where nothing can be written', () => {
  mkdirSync(join(base, `case-${made}`));
  writeFileSync(folder, 'a file where the folder should be');
  remember();
  expect(recall()).toBeUndefined();
  expect(existsSync(file)).toBe(false);
});
