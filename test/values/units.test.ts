import { describe, expect, it } from 'vitest';

import { formatDuration, formatSeconds, parseDuration, parseSize } from '../../src/values/units.ts';

describe('a duration', () => {
  it.each([
    ['0s', 0],
    ['1ms', 0.001],
    ['4500ms', 4.5],
    ['30s', 30],
    ['10m', 600],
    ['24h', 86_400],
    ['366d', 31_622_400],
    ['999999999s', 999_999_999],
  ])('%s is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each([
    '',
    '30',
    's',
    '-1s',
    '+1s',
    '1.5h',
    '1e3s',
    '0x10s',
    '01s',
    '1 s',
    ' 1s',
    '1s\n',
    '1S',
    '1y',
    '1h30m',
    '1000000000s',
    'constructor',
    '1constructor',
    '١s',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('a size', () => {
  it.each([
    ['1', 1],
    ['16384', 16_384],
    ['16384B', 16_384],
    ['16KiB', 16_384],
    ['1MiB', 1_048_576],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', '0', '-1', '1.5', '1KB', '1kib', '1 KiB', '1GiB', '1KiB\n', '1e3', '0x10', 'NaN'])(
    '%j is none',
    (text) => {
      expect(parseSize(text)).toBeUndefined();
    },
  );
});

describe('seconds in a message', () => {
  it.each([
    [0, '0 s'],
    [0.4, '0 s'],
    [-31, '31 s'],
    [119, '119 s'],
    [119.6, '2 min'],
    [120, '2 min'],
    [7199, '120 min'],
    [7200, '2 h'],
    [86_400, '24 h'],
    [172_799, '48 h'],
    [172_800, '2 d'],
    [31_536_000, '365 d'],
  ])('%d are shown as %s', (seconds, shown) => {
    expect(formatSeconds(seconds)).toBe(shown);
  });
});

describe('a duration of issuers.yaml', () => {
  it.each([
    [0, '0s'],
    [1.5, '1500ms'],
    [1, '1s'],
    [60, '1m'],
    [90, '90s'],
    [3600, '1h'],
    [900, '15m'],
    [901, '901s'],
    [5400, '90m'],
    [86_400, '24h'],
    [7 * 86_400, '7d'],
  ])('is written exactly: %d s', (seconds, written) => {
    expect(formatDuration(seconds)).toBe(written);
    expect(parseDuration(written)).toBe(seconds);
  });
});
