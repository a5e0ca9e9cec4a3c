// The signature algorithms pgtoken knows. What is not in this table cannot be configured, nor named by a token.

/**
 * Public-key JWS algorithms (RFC 7518 section 3.1, RFC 8037, RFC 9864, RFC 9964). HMAC and `none` are not among them and
 * cannot be. `Ed25519` is the name that RFC 9864 has for what `EdDSA` is with the only curve that is accepted here.
 */
export const SUPPORTED_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'ML-DSA-44',
  'ML-DSA-65',
  'ML-DSA-87',
] as const;

/** The name of a supported algorithm, as in the `alg` header. */
export type Algorithm = (typeof SUPPORTED_ALGORITHMS)[number];

/** Those of ML-DSA (FIPS 204). */
export function isMLDSA(algorithm: string): boolean {
  return algorithm.startsWith('ML-DSA-');
}

/** What an entry accepts that names none: all that has been in use for long. */
export const DEFAULT_ALGORITHMS: readonly Algorithm[] = SUPPORTED_ALGORITHMS.filter(
  (algorithm) => !isMLDSA(algorithm),
);

/** Whether a JWT-SVID may be signed with it (JWT-SVID section 2.1). */
export function isSVIDAlgorithm(algorithm: string): boolean {
  return /^(?:RS|PS|ES)[0-9]/.test(algorithm);
}

/** Whether a header's `alg` names a supported algorithm. Names are case-sensitive (RFC 7515 section 4.1.1). */
export function isAlgorithm(name: unknown): name is Algorithm {
  return SUPPORTED_ALGORITHMS.some((algorithm) => algorithm === name);
}

/** The least size of an RSA key (RFC 7518 section 3.3), and the largest, whose signatures still take little time to check. */
export const MIN_RSA_BITS = 2048;
export const MAX_RSA_BITS = 8192;

/**
 * The size of each algorithm's signatures in bytes. An RSA signature is as long as the key's modulus; what stands here
 * for it is the least, that of a 2048-bit key.
 */
export const SIGNATURE_BYTES: Readonly<Record<Algorithm, { least: number; fixed: boolean }>> = {
  RS256: { least: 256, fixed: false },
  RS384: { least: 256, fixed: false },
  RS512: { least: 256, fixed: false },
  PS256: { least: 256, fixed: false },
  PS384: { least: 256, fixed: false },
  PS512: { least: 256, fixed: false },
  ES256: { least: 64, fixed: true },
  ES384: { least: 96, fixed: true },
  ES512: { least: 132, fixed: true },
  EdDSA: { least: 64, fixed: true },
  Ed25519: { least: 64, fixed: true },
  'ML-DSA-44': { least: 2420, fixed: true },
  'ML-DSA-65': { least: 3309, fixed: true },
  'ML-DSA-87': { least: 4627, fixed: true },
};
