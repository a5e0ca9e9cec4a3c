// Which rule of pg_hba.conf takes which connections. The first that matches decides, so that a broader one above takes all
// that one below was meant for.
import { type AddressRange, containsRange, parseRange } from './parse-address.ts';
import type { HBAAddress, HBARule } from './parse-hba.ts';
import type { HBAToken } from './split-hba-lines.ts';

/** A way in that is not divided further here. */
export type Transport = 'local' | 'tls' | 'plain';

/** What an earlier rule takes from another, by the way in. */
export interface Taken {
  readonly transport: Transport;
  /** The rules that take it; empty where some of it is left. */
  readonly by: readonly HBARule[];
}

/** GSSAPI encryption is another way in; nothing here depends on it. */
const TRANSPORTS: Readonly<Record<string, readonly Transport[]>> = {
  local: ['local'],
  host: ['tls', 'plain'],
  hostssl: ['tls'],
  hostnossl: ['plain'],
  hostgssenc: [],
  hostnogssenc: ['tls', 'plain'],
};

const EVERYWHERE: readonly AddressRange[] = ['0.0.0.0/0', '::/0'].flatMap((text) => {
  const range = parseRange(text);
  return range === undefined ? [] : [range];
});
const LOOPBACK: readonly AddressRange[] = ['127.0.0.0/8', '::1/128'].flatMap((text) => {
  const range = parseRange(text);
  return range === undefined ? [] : [range];
});

/** For each way into a rule, the earlier rules that leave nothing of it. */
export function findTaken(rule: HBARule, earlier: readonly HBARule[]): readonly Taken[] {
  return (TRANSPORTS[rule.type] ?? []).map((transport) => {
    const takers = partsOf(rule.address).map((part) =>
      earlier.find(
        (other) =>
          (TRANSPORTS[other.type] ?? []).includes(transport) &&
          coversList(other.databases, rule.databases) &&
          coversList(other.users, rule.users) &&
          coversPart(other.address, part),
      ),
    );
    const by = takers.filter((taker) => taker !== undefined);
    return { transport, by: by.length === takers.length ? [...new Set(by)] : [] };
  });
}

/**
 * Earlier rules that take the connections from some of a rule's addresses, and not from all; only encrypted ones count where the
 * rule permits encryption. None that is taken itself by another above it.
 *
 * @param isWanted which of them are of interest.
 */
export function findExceptions(
  rule: HBARule,
  earlier: readonly HBARule[],
  isWanted: (other: HBARule) => boolean,
): readonly HBARule[] {
  const ways = TRANSPORTS[rule.type] ?? [];
  const [way] = ways.includes('tls') ? (['tls'] as const) : ways;
  if (way === undefined) {
    return [];
  }
  return earlier.filter(
    (other, index) =>
      isWanted(other) &&
      (TRANSPORTS[other.type] ?? []).includes(way) &&
      coversList(other.databases, rule.databases) &&
      coversList(other.users, rule.users) &&
      liesWithin(other.address, rule.address) &&
      findTaken(other, earlier.slice(0, index)).every(
        ({ transport, by }) => transport !== way || by.length === 0,
      ),
  );
}

/** Whether a rule takes whatever another one of the same type would. */
export function coversRule(outer: HBARule, inner: HBARule): boolean {
  return findTaken(inner, [outer]).every(({ by }) => by.length > 0);
}

/** Whether an address is a piece of another, and not all of it. */
function liesWithin(inner: HBAAddress | undefined, outer: HBAAddress | undefined): boolean {
  if (inner?.kind === 'named') {
    return partsOf(outer).some(
      (part) => part?.name === undefined && part?.range.bits === 0 && part.range.first === 0n,
    );
  }
  // All is more than all of one family.
  const least = outer?.kind === 'all' ? -1 : 0;
  return (
    inner?.kind === 'range' &&
    partsOf(outer).some(
      (part) =>
        part !== undefined &&
        part.name === undefined &&
        part.range.bits + least < inner.range.bits &&
        containsRange(part.range, inner.range),
    )
  );
}

/** Whether only this host itself can be the client. */
export function isLoopback({ address }: HBARule): boolean {
  return address?.kind === 'range'
    ? LOOPBACK.some((range) => containsRange(range, address.range))
    : address?.kind === 'named' && address.name === 'samehost';
}

/** A piece of an address that one rule covers as a whole or not. */
interface Part {
  readonly range: AddressRange;
  /** Where only a piece of the range is meant, which one is not known before names are looked up. */
  readonly name: string | undefined;
}

function partsOf(address: HBAAddress | undefined): readonly (Part | undefined)[] {
  switch (address?.kind) {
    case undefined:
      return [undefined];
    case 'range':
      return [{ range: address.range, name: undefined }];
    case 'all':
      return EVERYWHERE.map((range) => ({ range, name: undefined }));
    case 'named':
      return EVERYWHERE.map((range) => ({ range, name: address.name }));
  }
}

function coversPart(address: HBAAddress | undefined, part: Part | undefined): boolean {
  switch (address?.kind) {
    case undefined:
      return part === undefined;
    case 'all':
      return true;
    case 'range':
      return part !== undefined && containsRange(address.range, part.range);
    case 'named':
      return part?.name === address.name;
  }
}

/** Whether a list matches whatever another one does. */
function coversList(outer: readonly HBAToken[], inner: readonly HBAToken[]): boolean {
  return inner.every((wanted) =>
    outer.some(
      (token) =>
        (isKeyword(token, 'all') && !isKeyword(wanted, 'replication')) ||
        (token.text === wanted.text && token.quoted === wanted.quoted),
    ),
  );
}

/** Among databases, `all` does not include `replication`. */
function isKeyword(token: HBAToken, word: string): boolean {
  return !token.quoted && token.text === word;
}
