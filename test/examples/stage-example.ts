// An example as it would lie in /etc/pgtoken, in a temporary folder: the issuers.yaml with every file that it names. Files
// with keys hold what the vectors publish for their entry.
import { createPublicKey } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type Document, parseDocument } from 'yaml';
import * as z from 'zod/mini';

import { loadPolicy } from '../../src/policy/load-policy.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { formatProblem } from '../../src/config/problems.ts';
import type { ExampleVectors } from '../vectors/examples/vector.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Where the examples are. */
export const EXAMPLE_FOLDER = join(ROOT, 'packaging', 'examples');

const name = z.optional(z.string());
const shape = z.looseObject({
  issuers: z.array(
    z.looseObject({
      name: z.string(),
      issuer: z.looseObject({ certificateAuthorityFile: name }),
      keys: z.optional(
        z.looseObject({
          jwksFile: name,
          publicKeysFile: name,
          spiffeBundleFile: name,
          bearerTokenFile: name,
        }),
      ),
    }),
  ),
});

/** The text of an example. */
export async function readExample(example: string): Promise<string> {
  return readFile(join(EXAMPLE_FOLDER, `${example}.yaml`), 'utf8');
}

/** Writes an example, or a variation of it, with the files that it names. @returns the path of its issuers.yaml. */
export async function stageExample(
  folder: string,
  text: string,
  { published }: ExampleVectors,
  certificateAuthority: string,
): Promise<string> {
  const put = async (file: string | undefined, content: string, mode = 0o644): Promise<void> => {
    if (file === undefined) return;
    if (file.includes('/')) throw new Error(`${file}: expected a file beside issuers.yaml`);
    await writeFile(join(folder, file), content, { mode });
  };
  const document: Document = parseDocument(text);
  for (const entry of shape.parse(document.toJS()).issuers) {
    const keys = published[entry.name] ?? { keys: [] };
    await put(entry.issuer.certificateAuthorityFile, certificateAuthority);
    await put(entry.keys?.jwksFile, JSON.stringify(keys));
    await put(entry.keys?.spiffeBundleFile, JSON.stringify(keys));
    await put(entry.keys?.publicKeysFile, keys.keys.map(formatPublicKey).join(''));
    await put(entry.keys?.bearerTokenFile, 'a-token-of-the-host\n', 0o600);
  }
  const path = join(folder, 'issuers.yaml');
  await writeFile(path, text, { mode: 0o644 });
  return path;
}

/** Loads a staged example; throws when it is not valid. */
export async function loadExample(path: string): Promise<Policy> {
  const loaded = await loadPolicy(path);
  if (!loaded.ok) {
    throw new Error(loaded.problems.map((problem) => formatProblem(path, problem)).join('\n'));
  }
  return loaded.policy;
}

function formatPublicKey(jwk: unknown): string {
  const key = createPublicKey({
    key: z.looseObject({ kty: z.string() }).parse(jwk),
    format: 'jwk',
  });
  return key.export({ type: 'spki', format: 'pem' });
}
