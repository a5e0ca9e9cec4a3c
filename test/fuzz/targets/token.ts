// The token parser, and the whole decision on what it lets through: whatever is sent, nothing throws, nothing of it is shown,
// and nothing is granted but the tokens that are valid as they are.
import { authorize } from '../../../src/decide/authorize.ts';
import type { AuthorizeOptions } from '../../../src/decide/authorize-options.ts';
import { createVerifiedTokens } from '../../../src/decide/verified-tokens.ts';
import { isRefusal, refuse } from '../../../src/errors.ts';
import { formatReply } from '../../../src/protocol/format-reply.ts';
import { parseToken } from '../../../src/verify/parse-token.ts';
import { findPieces, piecesOf } from '../../attacks/find-pieces.ts';
import { loadPolicies } from '../../policy/load-policies.ts';
import { loadAttackFiles } from '../../vectors/attacks/attack.ts';
import { NOW } from '../../vectors/tokens/mint.ts';
import { loadVectorFiles } from '../../vectors/tokens/vector.ts';
import { demand, type FuzzTarget } from '../fuzz-target.ts';

const POLICY = 'cluster';
const MAX_BYTES = 16_384;

const tokens = (await loadVectorFiles())
  .flatMap(({ vectors }) => vectors)
  .filter(({ policy }) => policy === POLICY);
const attacks = (await loadAttackFiles())
  .flatMap((file) => file.attacks)
  .filter(({ policy }) => policy === POLICY);
/** What may be granted: those that the issuer has signed are among them, whatever role their vector asks for. */
const known = new Set([...tokens, ...attacks].map(({ password }) => password));

export const token: FuzzTarget = {
  name: 'token',
  seeds: async () => [...tokens, ...attacks].map(({ password }) => Buffer.from(password, 'latin1')),
  maxBytes: 20_000,
  async open() {
    const policy = (await loadPolicies([POLICY])).get(POLICY)!;
    const options: AuthorizeOptions = {
      clock: () => NOW,
      keysOf: async ({ keySource }) =>
        keySource.kind === 'pinned' ? keySource.keySet : refuse('ERR_INTERNAL', 'not pinned'),
      verifiedTokens: createVerifiedTokens(),
    };
    return {
      async run(input) {
        const password = input.toString('latin1');
        checkParsed(password);
        const role = 'foo:myservice';
        const request = { role, service: 'postgresql', source: undefined, password };
        const { decision } = await authorize(request, policy, options);
        const reply = formatReply(decision);
        demand(/^[\x20-\x7e]{7,500}$/.test(reply), 'a reply is printable ASCII and short');
        demand(reply.startsWith('granted') === decision.granted, 'only a grant is told as one');
        if (decision.granted) {
          demand(known.has(password), 'only what is in the corpus as it is, is granted');
        } else {
          demand(decision.code !== 'ERR_INTERNAL', 'nothing fails inside');
          demand(findPieces(password, piecesOf(reply)).length === 0, 'no part of it is shown');
        }
      },
      [Symbol.asyncDispose]: async () => undefined,
    };
  },
};

function checkParsed(password: string): void {
  const parsed = parseToken(password, MAX_BYTES);
  if (isRefusal(parsed)) {
    demand(parsed.outcome === 'denied', 'what is no token is denied');
    return;
  }
  const parts = password.split('.');
  demand(password.length <= MAX_BYTES, 'a token is no longer than the limit');
  demand(parts.length === 3, 'a token has three parts');
  demand(
    parts.every((part) => Buffer.from(part, 'base64url').toString('base64url') === part),
    'there is one way to write each part',
  );
  const [header, claims] = parts.slice(0, 2).map((part): unknown => {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    return JSON.parse(text.decode(Buffer.from(part, 'base64url')));
  });
  demand(
    JSON.stringify(claims) === JSON.stringify(parsed.claims),
    'the claims are those that stand in it',
  );
  demand(typeof header === 'object' && header !== null, 'the header is an object');
  demand('alg' in header && header.alg === parsed.algorithm, 'the algorithm is that of its header');
  demand(!Object.hasOwn(header, 'crit'), 'it demands no extension');
  demand(parsed.text === password, 'it is kept as it is, to be verified');
}
