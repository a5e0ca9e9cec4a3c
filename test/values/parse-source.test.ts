// Client addresses and networks: read as node:net reads them, which is asked here and not in the program, and compared as
// one space of IPv4 and IPv6.
import { BlockList, isIP } from 'node:net';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  isClientAddress,
  isInSources,
  parseAddress,
  parseSource,
  type Source,
} from '../../src/values/parse-source.ts';

function sourcesOf(...texts: readonly string[]): Source[] {
  return texts.map((text) => {
    const source = parseSource(text);
    if (typeof source === 'string') throw new Error(`${text}: ${source}`);
    return source;
  });
}

describe('an address', () => {
  // Every character an address can have, and what comes near to one.
  const texts = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.ipV4Extended(),
    fc.stringMatching(/^[0-9a-f:.]{0,20}$/),
    fc
      .tuple(fc.ipV6(), fc.nat(), fc.constantFrom(':', '.', '0', 'g', '::', ''))
      .map(([address, at, what]) => {
        const index = at % (address.length + 1);
        return address.slice(0, index) + what + address.slice(index);
      }),
    fc.tuple(fc.stringMatching(/^[0-9a-f:]{0,10}$/), fc.ipV4()).map((parts) => parts.join('')),
  );

  it('is what node:net takes for one', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect({ text, is: parseAddress(text) !== undefined }).toEqual({
          text,
          is: isIP(text) !== 0,
        });
      }),
      { numRuns: 5000, seed: 20260101 },
    );
  });

  it('of IPv4 has its place in IPv6', () => {
    expect(parseAddress('10.0.0.7')).toBe(0xffff_0a00_0007n);
    expect(parseAddress('::ffff:10.0.0.7')).toBe(0xffff_0a00_0007n);
    expect(parseAddress('::FFFF:0a00:0007')).toBe(0xffff_0a00_0007n);
    expect(parseAddress('1:2:3:4:5:6:7:8')).toBe(0x0001_0002_0003_0004_0005_0006_0007_0008n);
    expect(parseAddress('1::8')).toBe(0x0001_0000_0000_0000_0000_0000_0000_0008n);
    expect(parseAddress('::')).toBe(0n);
  });

  it('of a client may name the interface that it came by, where it is link-local', () => {
    expect(isClientAddress('fe80::1%eth0')).toBe(true);
    expect(isClientAddress('FEBF::1%2')).toBe(true);
    const long = `::${'0'.repeat(44)}`;
    for (const text of [
      'fe80::1%',
      'fe80::1%a/b',
      '10.0.0.7%eth0',
      'fd00::1%eth0',
      'db-1',
      '',
      long,
    ]) {
      expect([text, isClientAddress(text)]).toEqual([text, false]);
    }
  });
});

describe('a source', () => {
  const networks = fc.oneof(
    fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
    fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })),
  );

  it('holds the addresses that a BlockList of node:net finds in it', () => {
    let inside = 0;
    fc.assert(
      fc.property(networks, fc.ipV4(), fc.ipV6(), fc.nat(), ([base, prefix], v4, v6, host) => {
        const isIPv4 = !base.includes(':');
        const bits = parseAddress(base)!;
        const length = isIPv4 ? prefix + 96 : prefix;
        const hostBits = 128n - BigInt(length);
        const first = (bits >> hostBits) << hostBits;
        const text = formatAddress(first, isIPv4);
        const [source] = sourcesOf(`${text}/${prefix}`);
        const list = new BlockList();
        list.addSubnet(text, prefix, isIPv4 ? 'ipv4' : 'ipv6');

        // Anywhere, and somewhere inside.
        const within = first | (BigInt(host) & ((1n << hostBits) - 1n));
        for (const address of [v4, v6, formatAddress(within, isIPv4)]) {
          const family = address.includes(':') ? 'ipv6' : 'ipv4';
          // An IPv6 network is not asked for IPv4 addresses: see below.
          const isMapped = parseAddress(address)! >> 32n === 0xffffn;
          if (isMapped && !isIPv4) continue;
          const found = isInSources(address, [source!]);
          expect([text, prefix, address, found]).toEqual([
            text,
            prefix,
            address,
            list.check(address, family),
          ]);
          if (found) inside += 1;
        }
      }),
      { numRuns: 2000, seed: 20260101 },
    );
    expect(inside).toBeGreaterThan(1000);
  });

  it.each<readonly [address: string | undefined, sources: readonly string[], is: boolean]>([
    [undefined, ['local'], true],
    [undefined, ['0.0.0.0/0', '::/0'], false],
    ['127.0.0.1', ['local'], false],
    ['::1', ['local'], false],
    ['local', ['local'], false],
    ['', ['local', '0.0.0.0/0', '::/0'], false],
    ['10.0.0.7', ['10.0.0.0/8'], true],
    ['11.0.0.7', ['10.0.0.0/8'], false],
    ['10.0.0.7', ['10.0.0.7'], true],
    ['10.0.0.8', ['10.0.0.7'], false],
    ['10.0.0.7', ['local', 'fd00::/8', '10.0.0.0/8'], true],
    // An IPv4 client that PostgreSQL hears on an IPv6 socket.
    ['::ffff:10.0.0.7', ['10.0.0.0/8'], true],
    ['::ffff:a00:7', ['10.0.0.0/8'], true],
    ['10.0.0.7', ['::ffff:10.0.0.0/104'], true],
    ['10.0.0.7', ['::/0'], false],
    ['::ffff:10.0.0.7', ['::/0'], false],
    ['10.0.0.7', ['::ffff:0:0/95', '::ffff:0:0/80'], false],
    ['::10.0.0.7', ['10.0.0.0/8'], false],
    ['::1', ['::/0'], true],
    ['fd00::1', ['fd00::/8'], true],
    ['fe00::1', ['fd00::/8'], false],
    ['fe80::1%eth0', ['fe80::/10'], true],
    ['fe80::1%eth0', ['fe80::1'], true],
    ['db-1.example.com', ['0.0.0.0/0', '::/0', 'local'], false],
    ['10.0.0.7 ', ['10.0.0.0/8'], false],
    ['10.0.0.07', ['10.0.0.0/8'], false],
    ['0x0a000007', ['10.0.0.0/8'], false],
    ['167772167', ['10.0.0.0/8'], false],
    ['10.7', ['10.0.0.0/8'], false],
  ])('%s in %j: %s', (address, texts, is) => {
    const known = texts.filter((text) => typeof parseSource(text) !== 'string');
    expect(isInSources(address, sourcesOf(...known))).toBe(is);
  });

  it('is told from one address with bits behind its prefix', () => {
    expect(parseSource('10.0.0.7/32')).toEqual(parseSource('10.0.0.7'));
    expect(parseSource('10.0.0.7/31')).toMatch(
      /^must be a network, and has bits behind its prefix/,
    );
  });
});

/** An address in its plainest form, which node:net reads as well. */
function formatAddress(bits: bigint, isIPv4: boolean): string {
  const groups = Array.from({ length: 8 }, (_, n) =>
    Number((bits >> BigInt(112 - 16 * n)) & 0xffffn),
  );
  return isIPv4
    ? [groups[6]! >> 8, groups[6]! & 255, groups[7]! >> 8, groups[7]! & 255].join('.')
    : groups.map((group) => group.toString(16)).join(':');
}
