// Names of claims that read like paths. A name is looked up as it stands, so that one that should lead into a claim finds nothing:
// no role comes of it, and what it forbids is permitted.
import type { ConfigPath } from '../../config/config-path.ts';
import type { IssuerConfiguration } from '../../config/schema/schema.ts';
import { escapeStep, toPointer } from '../../claims/to-pointer.ts';
import { quote } from '../../quote.ts';
import type { Warn } from '../warn.ts';

/** Warns of each claim of an entry that has such a name. */
export function warnOfClaimNames(entry: IssuerConfiguration, warn: Warn): void {
  for (const [path, claim] of claimsOf(entry)) {
    const pointer = toPointer(claim);
    if (pointer === undefined || !readsLikePath(claim)) {
      continue;
    }
    warn(
      path,
      `${quote(claim)} is looked up as the name of a claim, dots and slashes and all, not as a path`,
      `Write ${quote(pointer)} if a member of a claim is meant, or ${quote(`/${escapeStep(claim)}`)} if the claim is called so.`,
    );
  }
}

function claimsOf({
  token,
  claimValidationRules,
  oauth,
  roles,
}: IssuerConfiguration): readonly (readonly [path: ConfigPath, claim: string])[] {
  return [
    ...token.requiredClaims.map((claim, n) => [['token', 'requiredClaims', n], claim] as const),
    ...(oauth === undefined ? [] : [[['oauth', 'identity'], oauth.identity] as const]),
    ...claimValidationRules.map(
      ({ claim }, n) => [['claimValidationRules', n, 'claim'], claim] as const,
    ),
    ...roles.map(({ claim }, n) => [['roles', n, 'claim'], claim] as const),
  ];
}

/** JSONPath, a slash, or dots in what is no name of a host. */
function readsLikePath(claim: string): boolean {
  return (
    /^\$[.[]/.test(claim) ||
    /^[^/:]+\//.test(claim) ||
    (/^[\w-]+(?:\.[\w-]+)+$/.test(claim) && !readsLikeHost(claim))
  );
}

/** A name such as kubernetes.io or com.example.roles, under which claims are kept apart from those of others. */
function readsLikeHost(claim: string): boolean {
  const labels = claim.toLowerCase().split('.');
  return (
    !claim.includes('_') &&
    [...labels.slice(0, 1), ...labels.slice(-1)].some((label) => TOP_LEVEL.includes(label))
  );
}

const TOP_LEVEL = (
  'com org net io dev app cloud edu gov info tech local internal ' +
  'ai at au be br ca ch cn cz de dk es eu fi fr gr ie it jp kr nl no nz pl pt ru se uk us'
).split(' ');
