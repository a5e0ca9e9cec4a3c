// How the vectors of an example are written: what its issuers publish, and tokens of the shape that they document.
import type { SigningAlgorithm } from '../../../support/signatures.ts';
import type { Expected } from '../../tokens/vector.ts';

/** The clock of the vectors: 2026-12-01T08:00:00Z. */
export const NOW = 1_796_112_000;

/** A private test key of keys/private-test-keys.json. */
export type KeyName =
  | 'rsa'
  | 'rsa-next'
  | 'rsa-other'
  | 'es256'
  | 'es256-other'
  | 'es384'
  | 'es384-other';

/** A key as its issuer publishes it. */
export interface PublishedKey {
  readonly key: KeyName;
  /** What stands beside the key itself, such as kid, alg and use. */
  readonly members: Readonly<Record<string, unknown>>;
}

/** A token, part by part. What is undefined is left out. */
export interface TokenRecipe {
  readonly key: KeyName;
  readonly header: Readonly<Record<string, unknown>> & { readonly alg: string };
  readonly claims: Readonly<Record<string, unknown>>;
  /** What HS256 is made with; the key does not matter then. */
  readonly secret?: string;
}

export interface ExampleVectorRecipe {
  readonly name: string;
  readonly role: string;
  /** Default: postgresql. */
  readonly service?: string;
  /** Default: 10.0.0.7. */
  readonly source?: string;
  readonly token: TokenRecipe;
  readonly expected: Expected;
}

export interface ExampleRecipe {
  /** What is published for each entry, by its name. */
  readonly published: Readonly<Record<string, Published>>;
  readonly vectors: readonly ExampleVectorRecipe[];
}

export interface Published {
  readonly keys: readonly PublishedKey[];
  /** What stands beside the keys, as in a SPIFFE bundle. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** A key for signatures, under its name and for one algorithm. */
export function publish(key: KeyName, kid: string, alg?: SigningAlgorithm): PublishedKey {
  return { key, members: { kid, ...(alg === undefined ? {} : { alg }), use: 'sig' } };
}

/** Granted by this entry. */
export function granted(issuer: string): Expected {
  return { granted: true, issuer };
}

/** A token with other claims, or another header. */
export function change(
  token: TokenRecipe,
  { header, claims, ...rest }: Partial<Omit<TokenRecipe, 'header'>> & { readonly header?: object },
): TokenRecipe {
  return {
    ...token,
    ...rest,
    header: { ...token.header, ...header },
    claims: { ...token.claims, ...claims },
  };
}
