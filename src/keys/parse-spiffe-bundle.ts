// From a SPIFFE bundle document to the keys that sign the JWT-SVIDs of its trust domain (SPIFFE Trust Domain and Bundle
// section 4, JWT-SVID section 6).
//
// Which trust domain it is of, a bundle does not say: that is for the administrator to know.
import { isJSONObject, type JSONObject } from '../parse-json-object.ts';
import { type ParsedKeySet, parseKeySet, type RejectedKey } from './parse-key-set.ts';

/** A key set with what the bundle says of its own future. */
export interface ParsedBundle extends ParsedKeySet {
  /** How soon to look again (`spiffe_refresh_hint`), in seconds. */
  readonly refreshHint: number | undefined;
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
  const members = (list as unknown[])
    .map((member, index) => ({ member, index }))
    .filter(({ member }) => isJSONObject(member) && member['use'] === 'jwt-svid');
  const parsed = parseKeySet({
    keys: members.map(({ member }) => ({ ...(isJSONObject(member) ? member : {}), use: 'sig' })),
  });
  if (typeof parsed === 'string') {
    return parsed;
  }
  const place = (index: number): number => members[index]?.index ?? index;
  const nameless: RejectedKey[] = members
    .filter(({ member }) => isJSONObject(member) && !Object.hasOwn(member, 'kid'))
    .map(({ index }) => ({ index, reason: 'without kid, which a key for JWT-SVIDs must have' }));
  return {
    keySet: { keys: parsed.keySet.keys.filter((key) => key.kid !== undefined) },
    rejected: [
      ...parsed.rejected
        .map(({ index, reason }) => ({ index: place(index), reason }))
        .filter(({ index }) => nameless.every((one) => one.index !== index)),
      ...nameless,
    ].toSorted((a, b) => a.index - b.index),
    refreshHint: readRefreshHint(document['spiffe_refresh_hint']),
  };
}

function readRefreshHint(hint: unknown): number | undefined {
  return typeof hint === 'number' && Number.isSafeInteger(hint) && hint > 0 ? hint : undefined;
}
