// The recipe of an attack, and the refusals that most of them must meet. Messages are written out here by hand, from
// docs/reference/errors.md and not by the code that is to be judged.
import type { Recipe } from '../../tokens/recipes/recipe.ts';
import type { Expected } from '../../tokens/vector.ts';

export interface AttackRecipe extends Recipe {
  readonly attempts: string;
  readonly reference: string;
  /** PAM_SERVICE and PAM_RHOST, where they are part of the attack. */
  readonly service?: string;
  readonly source?: string | undefined;
}

/** Attacks that hope for the same and are described in the same place. */
export function attacks(
  attempts: string,
  reference: string,
  recipes: readonly Recipe[],
): AttackRecipe[] {
  return recipes.map((recipe) => ({ ...recipe, attempts, reference }));
}

const SUPPORTED =
  'RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519, ML-DSA-44, ML-DSA-65, ML-DSA-87';

/** @param seen the alg as it is shown. */
export const algorithmNotAllowed = (seen: string): Expected => ({
  code: 'ERR_ALGORITHM_NOT_ALLOWED',
  message: `the token is signed with alg ${seen}; expected one of ${SUPPORTED}`,
});

/** @param kid as it is shown, without quotes. @param keys how many the issuer has: 8 in policy cluster. */
export const keyUnknown = (kid: string, keys = 8): Expected => ({
  code: 'ERR_KEY_UNKNOWN',
  message: `the issuer has ${keys} keys, none with kid "${kid}"`,
});

/** @param reason why the issuer's key of that kid is not used. */
export const keyLeftOut = (kid: string, reason: string): Expected => ({
  code: 'ERR_KEY_UNKNOWN',
  message: `the issuer's key with kid "${kid}" cannot be used: it ${reason}`,
});

export const keyUnfit = (kid: string, algorithms: string, seen: string): Expected => ({
  code: 'ERR_KEY_UNKNOWN',
  message: `the key with kid "${kid}" is for ${algorithms}; the token's alg is ${seen}`,
});

/** @param fitting how many keys fit: 2 for RS256 in policy cluster. */
export const keyNotNamed = (algorithm: string, fitting: number): Expected => ({
  code: 'ERR_KEY_UNKNOWN',
  message: `the token names no key (kid), and ${fitting} keys of the issuer fit its alg ${algorithm}; expected a kid`,
});

/** @param kid of the issuer's key. */
export const signatureInvalid = (kid = 'cluster-rs256', algorithm = 'RS256'): Expected =>
  signatureInvalidFor(`"${kid}"`, algorithm);

/** Refused by an issuer whose only key has no kid. What the token calls its own is not repeated. */
export const signatureInvalidNameless = (algorithm = 'RS256'): Expected =>
  signatureInvalidFor('without kid', algorithm);

const signatureInvalidFor = (key: string, algorithm: string): Expected => ({
  code: 'ERR_SIGNATURE_INVALID',
  message: `the signature does not verify with the issuer's key ${key} (${algorithm})`,
});

export const keyBroken = (kid: string, algorithm: string): Expected => ({
  code: 'ERR_SIGNATURE_INVALID',
  message: `the issuer's key for kid "${kid}" is not a valid ${algorithm} key`,
});

export const malformed = (message: string): Expected => ({ code: 'ERR_TOKEN_MALFORMED', message });

export const headerUnreadable = (problem: string): Expected =>
  malformed(`the header of the token cannot be read: ${problem}`);

export const claimsUnreadable = (problem: string): Expected =>
  malformed(`the claims of the token cannot be read: ${problem}`);

export const truncated = (password: string, evidence: string): Expected => ({
  code: 'ERR_TOKEN_TRUNCATED',
  message: `the token was cut to ${password.length} bytes on its way: ${evidence}`,
});

export const tooLarge = (password: string, limit = 16_384): Expected => ({
  code: 'ERR_TOKEN_TOO_LARGE',
  message: `the password has ${password.length} bytes; expected a token of at most ${limit}`,
});

export const NOT_A_TOKEN: Expected = {
  code: 'ERR_NOT_A_TOKEN',
  message: 'the password is not a JWT; expected three parts in base64url that start with "ey"',
};

/** @param seen the roles as they are shown, with quotes. */
export const roleNotPermitted = (asked: string, seen: string): Expected => ({
  code: 'ERR_ROLE_NOT_PERMITTED',
  message: `role "${asked}" asked for, and the token may only be ${seen}`,
});

export const noRole = (asked: string): Expected => ({
  code: 'ERR_ROLE_NOT_PERMITTED',
  message: `role "${asked}" asked for, and the role rules permit none for this token`,
});

export const claimRejected = (message: string): Expected => ({
  code: 'ERR_CLAIM_REJECTED',
  message,
});

export const claimMissing = (claim: string): Expected => ({
  code: 'ERR_CLAIM_MISSING',
  message: `the token has no ${claim}; expected iss, aud, sub and exp`,
});

/** @param seen as it is shown, with quotes. */
export const audienceMismatch = (seen: string): Expected => ({
  code: 'ERR_AUDIENCE_MISMATCH',
  message: `aud is ${seen}; expected "postgres"`,
});

/** @param seen as it is shown, without quotes. */
export const issuerUnknown = (seen: string): Expected => ({
  code: 'ERR_ISSUER_UNKNOWN',
  message: `issuer "${seen}" is not configured; expected "https://k8s.example.com"`,
});
