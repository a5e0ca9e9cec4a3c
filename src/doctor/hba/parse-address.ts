// Ranges of IP addresses as pg_hba.conf writes them, and which of them lie in which.

/** The addresses that begin with the same bits. */
export interface AddressRange {
  readonly family: 4 | 6;
  /** The lowest address of the range. */
  readonly first: bigint;
  /** How many leading bits are the same. */
  readonly bits: number;
}

const LENGTH = { 4: 32, 6: 128 } as const;

/** Parses an address, or an address with `/bits` behind it. @returns undefined for anything else. */
export function parseRange(text: string): AddressRange | undefined {
  const [address = '', bits, ...more] = text.split('/');
  const parsed = parseAddress(address);
  if (
    parsed === undefined ||
    more.length > 0 ||
    (bits !== undefined && !/^[0-9]{1,3}$/.test(bits))
  ) {
    return undefined;
  }
  return createRange(parsed.family, parsed.value, bits === undefined ? undefined : Number(bits));
}

/** Makes a range of an address and a mask such as 255.255.0.0. @returns undefined where they do not fit. */
export function parseMaskedRange(text: string, mask: string): AddressRange | undefined {
  const [address, ones] = [parseAddress(text), parseAddress(mask)];
  if (address === undefined || ones === undefined || address.family !== ones.family) {
    return undefined;
  }
  const binary = ones.value.toString(2).padStart(LENGTH[ones.family], '0');
  return /^1*0*$/.test(binary)
    ? createRange(address.family, address.value, binary.replaceAll('0', '').length)
    : undefined;
}

/** Whether all addresses of one range lie in another. */
export function containsRange(outer: AddressRange, inner: AddressRange): boolean {
  const shift = BigInt(LENGTH[outer.family] - outer.bits);
  return (
    outer.family === inner.family &&
    outer.bits <= inner.bits &&
    outer.first >> shift === inner.first >> shift
  );
}

function createRange(
  family: 4 | 6,
  value: bigint,
  bits: number = LENGTH[family],
): AddressRange | undefined {
  if (bits > LENGTH[family]) {
    return undefined;
  }
  const shift = BigInt(LENGTH[family] - bits);
  return { family, first: (value >> shift) << shift, bits };
}

function parseAddress(
  text: string,
): { readonly family: 4 | 6; readonly value: bigint } | undefined {
  const octets = text.split('.');
  if (octets.length === 4 && octets.every((octet) => /^[0-9]{1,3}$/.test(octet))) {
    const numbers = octets.map(Number);
    return numbers.some((number) => number > 255)
      ? undefined
      : { family: 4, value: numbers.reduce((sum, number) => sum * 256n + BigInt(number), 0n) };
  }
  // The URL parser knows IPv6 in all its spellings, and writes it in one.
  if (!/^[0-9a-f:.]+$/i.test(text) || !text.includes(':') || !URL.canParse(`http://[${text}]`)) {
    return undefined;
  }
  const [head = '', tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::');
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => 0n);
  const groups = tail === undefined ? left : [...left, ...zeros, ...right];
  return { family: 6, value: groups.reduce((sum, group) => sum * 65_536n + group, 0n) };
}

function groupsOf(text: string): bigint[] {
  return text === '' ? [] : text.split(':').map((group) => BigInt(`0x${group}`));
}
