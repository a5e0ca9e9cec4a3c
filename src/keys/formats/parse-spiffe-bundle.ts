// From a SPIFFE bundle document to the keys that sign the JWT-SVIDs of its trust domain (SPIFFE Trust Domain and Bundle
// section 4, JWT-SVID section 6).
//
// Which trust domain it is of, a bundle does not say: that is for the administrator to know.
import { isJSONObject, type JSONObject } from '../../parse-json-object.ts';
import { quote } from '../../quote.ts';
import { keyIDOf } from './parse-key.ts';
import {
  createKeySet,
  type LeftOutKey,
  type ParsedKeySet,
  parseKeySet,
  type RejectedKey,
} from './parse-key-set.ts';

/** A key set with what the bundle says of its own future. */
export interface ParsedBundle extends ParsedKeySet {
  /** How soon to look again (`spiffe_refresh_hint`), in seconds. */
  readonly refreshHint: number | undefined;
  /** How many keys it has that are not for JWT-SVIDs. */
  readonly otherKeys: number;
}

/**
 * Picks the keys whose `use` is `jwt-svid`; other keys are for other documents and must be ignored. `spiffe_sequence` is
 * not looked at: it serves those who distribute bundles.
 *
 * @returns the keys and what was left out of those for JWT-SVIDs, or the reason why it is no bundle. A bundle without
 * such keys is one all the same: its trust domain has withdrawn them, or never had any.
 */
export function parseSPIFFEBundle(document: JSONObject): ParsedBundle | string {
  const list: unknown = document['keys'];
  if (!Array.isArray(list)) {
    return 'it has no list of keys; expected a bundle: {"keys": [...]}';
  }
  const members = (list as unknown[]).map((member, index) => ({ member, index }));
  const [own, others] = [members.filter(isForSVIDs), members.filter((one) => !isForSVIDs(one))];
  const parsed = parseKeySet({
    keys: own.map(({ member }) => ({ ...(isJSONObject(member) ? member : {}), use: 'sig' })),
  });
  if (typeof parsed === 'string') {
    return parsed;
  }
  const { keys } = parsed.keySet;
  // Each member became a key or was rejected, in this order.
  const accepted = own.filter((_, at) => parsed.rejected.every(({ index }) => index !== at));
  const rejected: RejectedKey[] = [
    ...parsed.rejected.map((one) => ({ ...one, index: own[one.index]?.index ?? one.index })),
    ...accepted
      .filter((_, at) => keys[at]?.kid === undefined)
      .map(({ index }) => ({ index, reason: 'has no kid, which a key for JWT-SVIDs must have' })),
  ].toSorted((a, b) => a.index - b.index);
  const named = keys.filter((key) => key.kid !== undefined);
  // Every bundle has keys for X.509-SVIDs, without kid: those could not be meant.
  const namedOthers = others
    .map(({ member }) => leaveOut(member))
    .filter(({ kid }) => kid !== undefined);
  return {
    keySet: createKeySet(named, [...rejected, ...namedOthers]),
    rejected,
    refreshHint: readRefreshHint(document['spiffe_refresh_hint']),
    otherKeys: others.length,
  };
}

function isForSVIDs({ member }: { readonly member: unknown }): boolean {
  return isJSONObject(member) && member['use'] === 'jwt-svid';
}

function leaveOut(member: unknown): LeftOutKey {
  const use = isJSONObject(member) ? member['use'] : undefined;
  const shown = use === undefined || use === null ? 'no use' : `use ${quote(use)}`;
  return { kid: keyIDOf(member), reason: `has ${shown}; expected "jwt-svid"` };
}

function readRefreshHint(hint: unknown): number | undefined {
  return typeof hint === 'number' && Number.isSafeInteger(hint) && hint > 0 ? hint : undefined;
}
