// The issuers: whether each hands out its keys right now, on terms that hold for logins too, and what time it has.
import type { Issuer } from '../../policy/policy.ts';
import { formatSeconds } from '../../values/units.ts';
import { urlOf } from '../../issuers/fetch-key-set.ts';
import { CHECK_THE_WAY, type FetchResult } from '../../keys/fetch-result.ts';
import { toPrintable } from '../../protocol/format-reply.ts';
import { type Fault, fault, ok, type Finding } from '../finding.ts';
import type { Host } from '../host/host.ts';

/** Past this no skew that may be configured for ordinary clocks helps. Seconds. */
const WRONG_AFTER = 300;
/** The Date header knows whole seconds, and the answer was on its way. */
const PRECISION = 2;

/** Asks all issuers at the same time, each within its own deadline. */
export async function checkIssuers(
  issuers: readonly Issuer[],
  host: Pick<Host, 'fetchKeys'>,
): Promise<readonly Finding[]> {
  const findings = await Promise.all(issuers.map(async (issuer) => checkIssuer(issuer, host)));
  return findings.flat();
}

async function checkIssuer(
  issuer: Issuer,
  { fetchKeys }: Pick<Host, 'fetchKeys'>,
): Promise<Finding[]> {
  const { keySource, name } = issuer;
  if (keySource.kind === 'pinned') {
    return [ok('issuer', name, 'keys are pinned in a file; nothing to reach')];
  }
  const { result, clockOffset } = await fetchKeys(issuer, keySource);
  if (result.kind === 'failed') {
    return [
      explainFailure(issuer, result),
      ...(clockOffset === undefined ? [] : [compareClocks(issuer, clockOffset)]),
    ];
  }
  const count = result.kind === 'keys' ? result.keySet.keys.length : 0;
  return [
    ok(
      'issuer',
      name,
      `${urlOf(keySource.location)}: ${count} ${count === 1 ? 'key' : 'keys'} retrieved`,
    ),
    clockOffset === undefined
      ? fault(
          'clock-unknown',
          name,
          "its answer has no Date header; this host's clock was not compared",
          'Make sure that this host keeps its time from the network, for example with chrony.',
        )
      : compareClocks(issuer, clockOffset),
  ];
}

type Failure = Extract<FetchResult, { readonly kind: 'failed' }>;

function explainFailure(issuer: Issuer, failure: Failure): Finding {
  const message = toPrintable(failure.reason);
  return fault(classify(failure), issuer.name, message, failure.hint ?? CHECK_THE_WAY);
}

function classify({ reason, untrusted, withdrawn }: Failure): Fault {
  if (untrusted === true) {
    return 'issuer-certificate';
  }
  return withdrawn === true || / answered | is the discovery document /.test(reason)
    ? 'issuer-keys'
    : 'issuer-unreachable';
}

function compareClocks(issuer: Issuer, offset: number): Finding {
  const { clockSkew } = issuer.entry.token;
  const distance = Math.abs(offset);
  const which = offset < 0 ? 'ahead of' : 'behind';
  if (distance <= clockSkew + PRECISION) {
    const near = distance <= PRECISION ? 'agrees with' : `is ${formatSeconds(distance)} ${which}`;
    return ok('clock', issuer.name, `this host's clock ${near} the issuer's`);
  }
  const wrong = distance > Math.max(clockSkew, WRONG_AFTER) + PRECISION;
  const effect =
    offset < 0 ? 'tokens count as expired too early' : 'new tokens count as not yet valid';
  return fault(
    wrong ? 'clock-wrong' : 'clock-skewed',
    issuer.name,
    `this host's clock is ${formatSeconds(distance)} ${which} the issuer's; expected at most ${formatSeconds(clockSkew)} (token.clockSkew): ${effect}`,
    'Have this host keep its time from the network (timedatectl set-ntp true, or chronyc makestep), if it is not the issuer that is wrong.',
  );
}
