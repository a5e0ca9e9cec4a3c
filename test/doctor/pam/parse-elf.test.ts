// ELF headers, as far as they say whether this host could load a module.
import { describe, expect, it } from 'vitest';

import { parseELF } from '../../../src/doctor/pam/parse-elf.ts';

const header = (bits: number, order: number, type: number, machine: number): Buffer => {
  const bytes = Buffer.alloc(64);
  bytes.write('\x7fELF', 'latin1');
  bytes[4] = bits;
  bytes[5] = order;
  const write = (value: number, at: number): number =>
    order === 1 ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
  write(type, 16);
  write(machine, 18);
  return bytes;
};

describe('an ELF header', () => {
  it.each([
    [[2, 1, 3, 62], { bits: 64, architecture: 'x64', isSharedObject: true }],
    [[2, 1, 3, 183], { bits: 64, architecture: 'arm64', isSharedObject: true }],
    [[1, 1, 3, 3], { bits: 32, architecture: 'machine 3', isSharedObject: true }],
    [[2, 2, 2, 22], { bits: 64, architecture: 'machine 22', isSharedObject: false }],
  ] as const)('%j', ([bits, order, type, machine], expected) => {
    expect(parseELF(header(bits, order, type, machine))).toEqual(expected);
  });

  it('is in no text, and in none that is cut', () => {
    expect(parseELF(Buffer.from('#!/bin/sh\n'.repeat(9)))).toBeUndefined();
    expect(parseELF(header(2, 1, 3, 62).subarray(0, 63))).toBeUndefined();
  });
});
