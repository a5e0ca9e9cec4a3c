// Client addresses and the networks they are compared with: IPv4 and IPv6 in one space of 128 bits, so that an IPv4
// address is the same client whether it is written 10.0.0.7 or ::ffff:10.0.0.7.

/** Where a client may be: on this host by unix socket, or in a network. */
export type Source =
  | { readonly kind: 'local' }
  | { readonly kind: 'network'; readonly first: bigint; readonly prefix: number };

/** ::ffff:0:0/96, where IPv4 addresses have their place (RFC 4291 section 2.5.5.2). */
const MAPPED = 0xffff_0000_0000n;

/**
 * Parses an entry of `pam.sources`: `local`, an address, or a network in CIDR notation.
 *
 * @returns the source, or what it must be.
 */
export function parseSource(text: string): Source | string {
  if (text === 'local') {
    return { kind: 'local' };
  }
  const [address = '', length, ...more] = text.split('/');
  const first = parseAddress(address);
  const isIPv4 = !address.includes(':');
  const most = isIPv4 ? 32 : 128;
  const bits = length === undefined ? most : parsePrefix(length, most);
  if (first === undefined || bits === undefined || more.length > 0) {
    return 'must be "local", an IP address, or a network such as 10.0.0.0/8 or fd00::/8, without a zone';
  }
  const prefix = isIPv4 ? bits + 96 : bits;
  const hostBits = 128n - BigInt(prefix);
  return (first >> hostBits) << hostBits === first
    ? { kind: 'network', first, prefix }
    : `must be a network, and has bits behind its prefix of ${bits}; one address is written without "/"`;
}

/**
 * Whether a client's address, as PostgreSQL gives it in PAM_RHOST, is in one of these. What is no address, such as a host
 * name, is in none.
 *
 * @param address undefined for a unix socket.
 */
export function isInSources(address: string | undefined, sources: readonly Source[]): boolean {
  if (address === undefined) {
    return sources.some((source) => source.kind === 'local');
  }
  const bits = parseClientAddress(address);
  return (
    bits !== undefined &&
    sources.some((source) => source.kind === 'network' && isInNetwork(bits, source))
  );
}

function isInNetwork(
  bits: bigint,
  { first, prefix }: { readonly first: bigint; readonly prefix: number },
): boolean {
  // ::/0 is every IPv6 address, and no IPv4 one.
  const isIPv4 = bits >> 32n === MAPPED >> 32n;
  return (!isIPv4 || prefix >= 96) && (bits ^ first) >> (128n - BigInt(prefix)) === 0n;
}

/** Whether a text is the address of a client. A link-local one may have a zone: which interface of this host it came by. */
export function isClientAddress(text: string): boolean {
  return parseClientAddress(text) !== undefined;
}

function parseClientAddress(text: string): bigint | undefined {
  const zone = /^(fe[89ab][0-9a-f]:[0-9a-f:.]*)%[A-Za-z0-9._-]{1,64}$/i.exec(text);
  return parseAddress(zone?.[1] ?? text);
}

/** Parses an IPv4 or IPv6 address without zone. @returns 128 bits. */
export function parseAddress(text: string): bigint | undefined {
  if (text.length > 45) {
    return undefined;
  }
  if (!text.includes(':')) {
    const bits = parseIPv4(text);
    return bits === undefined ? undefined : MAPPED | bits;
  }
  const [left = '', right, ...more] = text.split('::');
  if (more.length > 0) {
    return undefined;
  }
  const head = parseGroups(left, right === undefined);
  const tail = right === undefined ? [] : parseGroups(right, true);
  if (head === undefined || tail === undefined) {
    return undefined;
  }
  const missing = 8 - head.length - tail.length;
  if (right === undefined ? missing !== 0 : missing < 1) {
    return undefined;
  }
  return [...head, ...Array.from({ length: missing }, () => 0n), ...tail].reduce(
    (bits, group) => (bits << 16n) | group,
    0n,
  );
}

/** Groups of 16 bits; the last two may be written as an IPv4 address where the address ends with them. */
function parseGroups(text: string, isEnd: boolean): bigint[] | undefined {
  if (text === '') {
    return [];
  }
  const groups: bigint[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const ipv4 = isEnd && index === parts.length - 1 ? parseIPv4(part) : undefined;
    if (ipv4 !== undefined) {
      groups.push(ipv4 >> 16n, ipv4 & 0xffffn);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(BigInt(`0x${part}`));
    } else {
      return undefined;
    }
  }
  return groups;
}

/** Four decimal numbers without leading zeros, which some programs read as octal. */
function parseIPv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part))) {
    return undefined;
  }
  const numbers = parts.map(Number);
  return numbers.every((number) => number <= 255)
    ? numbers.reduce((bits, number) => (bits << 8n) | BigInt(number), 0n)
    : undefined;
}

function parsePrefix(text: string, most: number): number | undefined {
  return /^(?:0|[1-9][0-9]{0,2})$/.test(text) && Number(text) <= most ? Number(text) : undefined;
}
