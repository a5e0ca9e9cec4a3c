// What an explanation is told of a decision, step by step, by the code that decides. Nothing here decides anything, and
// nothing here runs where nobody asks.
import { isRefusal, type Refusal } from '../errors.ts';
import type { KeySet } from '../keys/formats/parse-key-set.ts';
import { quote, quoteList } from '../quote.ts';
import type { Check, Observe, VerifiedToken } from '../verify/checks/check.ts';
import type { ParsedToken } from '../verify/parse-token.ts';
import type { LoginOrigin } from '../policy/admission-checks.ts';
import type { Issuer } from '../policy/policy.ts';

/** One step of a decision. The texts quote what comes from outside, and hold no token and no part of one. */
export interface TraceStep {
  /** The entry that looked; undefined for steps before any entry does. */
  readonly issuer: string | undefined;
  /** What was looked at: `token`, `candidates`, `service`, `alg`, `keys`, `kid`, `signature`, `aud`, `role`, `review` and so on. */
  readonly step: string;
  readonly expected: string;
  readonly seen: string;
  /** Why the step failed; undefined when it passed. */
  readonly refusal: Refusal | undefined;
}

/** Told of each step in the order of the decision; after one that failed, its entry has no more. */
export type Trace = (step: TraceStep) => void;

/** Tells whether the password is a token. */
export function traceShape(trace: Trace | undefined, token: ParsedToken | Refusal): void {
  trace?.({
    issuer: undefined,
    step: 'token',
    expected: 'one whole JWT, signed with a public-key algorithm',
    seen: isRefusal(token)
      ? 'none'
      : `${Buffer.byteLength(token.text)} bytes, alg ${token.algorithm}, kid ${quote(token.keyID)}`,
    refusal: isRefusal(token) ? token : undefined,
  });
}

/** Tells which entries are tried. */
export function traceCandidates(
  trace: Trace | undefined,
  token: ParsedToken,
  candidates: readonly Issuer[] | Refusal,
): void {
  trace?.({
    issuer: undefined,
    step: 'candidates',
    expected: 'entries whose issuer is that of the token',
    seen: isRefusal(candidates)
      ? `none for iss ${quote(token.claims['iss'])}, sub ${quote(token.claims['sub'])}`
      : candidates.map((issuer) => issuer.name).join(', '),
    refusal: isRefusal(candidates) ? candidates : undefined,
  });
}

/** Tells the steps of one entry. */
export interface EntryTrace {
  readonly admission: (origin: LoginOrigin) => Observe<LoginOrigin>;
  readonly form: (token: ParsedToken, refusal: Refusal | undefined) => void;
  readonly keys: (keySet: KeySet | Refusal) => void;
  readonly key: (token: ParsedToken, keySet: KeySet, keys: readonly unknown[] | Refusal) => void;
  /** @param key undefined where the signature was verified before, and is remembered. */
  readonly signature: (token: ParsedToken, key: unknown) => void;
  readonly claims: (token: VerifiedToken) => Observe<VerifiedToken>;
  readonly role: (
    asked: string,
    permitted: readonly string[],
    refusal: Refusal | undefined,
  ) => void;
  readonly review: (seen: string, refusal: Refusal | undefined) => void;
}

/** @returns undefined where nobody asks. */
export function createEntryTrace(trace: Trace | undefined, issuer: Issuer): EntryTrace | undefined {
  if (trace === undefined) {
    return undefined;
  }
  const tell = (
    step: string,
    expected: string,
    seen: string,
    refusal: Refusal | undefined,
  ): void => {
    trace({ issuer: issuer.name, step, expected, seen, refusal });
  };
  const observe =
    <Subject>(subject: Subject) =>
    (check: Check<Subject>, refusal: Refusal | undefined): void => {
      tell(check.name, check.expected, check.seen(subject), refusal);
    };
  return {
    admission: observe,
    form(token, refusal) {
      const bytes = `at most ${issuer.entry.token.maxBytes} bytes`;
      const isTooLarge = refusal?.code === 'ERR_TOKEN_TOO_LARGE';
      tell(
        'size',
        bytes,
        `${Buffer.byteLength(token.text)} bytes`,
        isTooLarge ? refusal : undefined,
      );
      if (!isTooLarge) {
        tell('alg', issuer.algorithms.join(', '), token.algorithm, refusal);
      }
    },
    keys(keySet) {
      const count = isRefusal(keySet) ? 0 : keySet.keys.length;
      const seen = count === 0 ? 'none' : `${count} ${count === 1 ? 'key' : 'keys'} of the issuer`;
      tell('keys', 'keys of the issuer', seen, isRefusal(keySet) ? keySet : undefined);
    },
    key(token, keySet, keys) {
      const known = keySet.keys.map((key) => key.kid ?? 'without kid');
      tell(
        'kid',
        `${known.length > 1 ? 'one of ' : ''}${quoteList(known, 10)}`,
        token.keyID === undefined ? 'none' : quote(token.keyID),
        isRefusal(keys) ? keys : undefined,
      );
    },
    signature(token, key) {
      const refusal = isRefusal(key) ? key : undefined;
      const seen =
        refusal !== undefined ? 'not valid' : key === undefined ? 'valid, as before' : 'valid';
      tell('signature', `${token.algorithm} by a key of the issuer`, seen, refusal);
    },
    claims: observe,
    role(asked, permitted, refusal) {
      const roles = quoteList([...new Set(permitted)], 10);
      const seen = roles === '' ? 'the token may be nobody' : `the token may be ${roles}`;
      tell('role', quote(asked), seen, refusal);
    },
    review(seen, refusal) {
      tell('review', 'yes of the API server', seen, refusal);
    },
  };
}
