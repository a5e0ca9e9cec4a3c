// The texts of the package that `pgtoken init` begins with: the examples, the PAM service, and issuers.yaml as it is installed.
// They are put into the bundle (rolldown.config.ts), so that there is nothing to find; the sources read them in the checkout.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJSONObject } from '../parse-json-object.ts';

declare const PGTOKEN_TEXTS: string | undefined;

/** Where each of them is in the checkout. */
export const SHIPPED_TEXTS = {
  pamService: 'packaging/pam.d/postgresql-k8s',
  emptyConfig: 'packaging/etc/issuers.yaml',
} as const;

/** @returns the path of an example in the checkout. */
export function pathOfExample(name: string): string {
  const file = name === 'kubernetes' ? 'kubernetes/issuers' : name;
  return `packaging/examples/${file}.yaml`;
}

/** @param path in the checkout. Throws where there is no such text. */
export function readShippedText(path: string): string {
  if (typeof PGTOKEN_TEXTS !== 'string') {
    return readFileSync(join(import.meta.dirname, '..', '..', path), 'utf8');
  }
  const texts: unknown = JSON.parse(PGTOKEN_TEXTS);
  const text = isJSONObject(texts) ? texts[path] : undefined;
  if (typeof text !== 'string') {
    throw new Error(`the bundle has no ${path}`);
  }
  return text;
}
