// Every example of packaging/examples, loaded as it stands and tried with tokens of the shape that its issuers document.
// Nothing of its policy is replaced but where the keys of its issuers come from.
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Document, isMap, isSeq, parseDocument } from 'yaml';

import { authorize } from '../../src/decide/authorize.ts';
import type { Decision } from '../../src/decide/decision.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { isRefusal } from '../../src/errors.ts';
import { type KeySet, parseKeySet } from '../../src/keys/formats/parse-key-set.ts';
import { parseSPIFFEBundle } from '../../src/keys/formats/parse-spiffe-bundle.ts';
import {
  type CertificateAuthority,
  createCertificateAuthority,
} from '../support/certificate-authority.ts';
import { runPgtoken } from '../support/run-pgtoken.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { generate } from '../vectors/examples/generate.ts';
import {
  type ExampleVector,
  type ExampleVectors,
  loadExampleVectors,
} from '../vectors/examples/vector.ts';
import { EXAMPLE_FOLDER, loadExample, readExample, stageExample } from './stage-example.ts';

const files = await loadExampleVectors();
const examples = [...files].map(([name, vectors]) => ({ name, vectors }));

let authority: CertificateAuthority;
let folder: TemporaryFolder;
beforeAll(async () => {
  authority = await createCertificateAuthority();
  folder = await createTemporaryFolder('examples');
});
afterAll(async () => {
  await authority.close();
  await folder.remove();
});

async function load(text: string, vectors: ExampleVectors): Promise<Policy> {
  return loadExample(await stageExample(folder.path, text, vectors, authority.certificate));
}

/** What an issuer publishes, as the daemon would read it. */
function keySetOf(vectors: ExampleVectors, policy: Policy, name: string): KeySet {
  const issuer = policy.issuers.find((one) => one.name === name);
  const published = vectors.published[name];
  if (issuer === undefined || published === undefined) throw new Error(`no keys for entry ${name}`);
  const isBundle = issuer.entry.issuer.spiffeTrustDomain !== undefined;
  const parsed = isBundle ? parseSPIFFEBundle(published) : parseKeySet(published);
  if (typeof parsed === 'string') throw new Error(`${name}: ${parsed}`);
  return parsed.keySet;
}

async function decide(
  { request, token }: ExampleVector,
  policy: Policy,
  vectors: ExampleVectors,
): Promise<Decision> {
  const { decision } = await authorize({ ...request, password: token }, policy, {
    clock: () => vectors.now,
    keysOf: async ({ name, keySource }) =>
      keySource.kind === 'pinned' ? keySource.keySet : keySetOf(vectors, policy, name),
  });
  return decision;
}

/** What a decision must be like. */
function outcomeOf({ request, expected }: ExampleVector): object {
  return 'granted' in expected
    ? { ...expected, role: request.role }
    : { granted: false, ...expected };
}

describe.each(examples)('$name', ({ name, vectors }) => {
  it.each(vectors.vectors)('$name', async (vector) => {
    const policy = await load(await readExample(name), vectors);
    const decision = await decide(vector, policy, vectors);
    expect(decision).toMatchObject(outcomeOf(vector));
  });

  it('passes pgtoken config check --strict', async () => {
    const text = await readExample(name);
    const path = await stageExample(folder.path, text, vectors, authority.certificate);
    const result = await runPgtoken(['config', 'check', '--strict', '--pam-dir', '/none', path]);
    const { issuers } = await loadExample(path);
    const count = issuers.length === 1 ? '1 issuer' : `${issuers.length} issuers`;
    expect(result).toEqual({
      status: 0,
      signal: undefined,
      stdout: `${path}: ok, ${count}: ${issuers.map((issuer) => issuer.name).join(', ')}\n`,
      stderr: '',
    });
  });

  it('has vectors that are granted, by every entry, and more that are not', async () => {
    const granted = vectors.vectors.flatMap(({ expected }) =>
      'granted' in expected ? [expected.issuer] : [],
    );
    const policy = await load(await readExample(name), vectors);
    expect(granted.length).toBeGreaterThanOrEqual(2);
    expect(vectors.vectors.length - granted.length).toBeGreaterThanOrEqual(4);
    expect([...new Set(granted)].toSorted()).toEqual(
      policy.issuers.map((issuer) => issuer.name).toSorted(),
    );
  });

  it('has no line without which everything would be decided alike', async () => {
    const text = await readExample(name);
    const idle: string[] = [];
    for (const [what, variation] of withoutOneLine(text)) {
      const policy = await load(variation, vectors);
      const decisions = await Promise.all(
        vectors.vectors.map(async (vector) => decide(vector, policy, vectors)),
      );
      const same = decisions.every((decision, index) => {
        const { expected } = vectors.vectors[index]!;
        return isRefusal(decision)
          ? !('granted' in expected) && decision.code === expected.code
          : 'granted' in expected && decision.issuer === expected.issuer;
      });
      if (same) idle.push(what);
    }
    expect(idle).toEqual([]);
  });
});

/** Variations of an example, each without one of its limits, rules or restrictions. */
function* withoutOneLine(text: string): Generator<readonly [what: string, text: string]> {
  const read = (): Document => parseDocument(text);
  const issuers = read().get('issuers');
  for (const index of isSeq(issuers) ? issuers.items.keys() : []) {
    const entry = ['issuers', index];
    const paths = [
      ...below(read(), [...entry, 'token']),
      ...below(read(), [...entry, 'claimValidationRules']),
      ...below(read(), [...entry, 'pam']),
      ...below(read(), [...entry, 'deny']),
      ...below(read(), [...entry, 'roles'], 2),
    ];
    for (const path of paths) {
      const document = read();
      document.deleteIn(path);
      yield [path.join('.'), document.toString()];
    }
  }
}

/** The paths of what stands in a mapping or list, where it has so many members. */
function below(document: Document, path: readonly (string | number)[], least = 1) {
  const collection = document.getIn(path);
  const keys = isSeq(collection)
    ? [...collection.items.keys()]
    : isMap(collection)
      ? collection.items.map(({ key }) => String(key))
      : [];
  return keys.length < least ? [] : keys.map((key) => [...path, key]);
}

describe('the examples', () => {
  it('have vectors, each of them, and vectors have an example', async () => {
    const names = (await readdir(EXAMPLE_FOLDER))
      .filter((file) => file.endsWith('.yaml'))
      .map((file) => basename(file, '.yaml'));
    expect(names.toSorted()).toEqual([...files.keys()].toSorted());
  });

  it('have vectors that are what their recipes make', async () => {
    const stale: string[] = [];
    for (const [file, text] of await generate()) {
      const committed = join(import.meta.dirname, '..', 'vectors', 'examples', file);
      if (text !== (await readFile(committed, 'utf8'))) stale.push(file);
    }
    expect(stale).toEqual([]);
  });
});
