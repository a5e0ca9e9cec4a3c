// The first bytes of a shared object, as far as they say whether a process of this host could load it (elf(5)).

/** What a file is by its ELF header. */
export interface ELFHeader {
  readonly bits: 32 | 64;
  /** Such as x64, as Node calls it; a number as text where it is neither of the two that we build for. */
  readonly architecture: string;
  readonly isSharedObject: boolean;
}

/** How many bytes {@link parseELF} wants. */
export const ELF_HEADER_BYTES = 64;

const MACHINES: ReadonlyMap<number, string> = new Map([
  [62, 'x64'],
  [183, 'arm64'],
]);
const SHARED_OBJECT = 3;

/** @returns undefined for what is no ELF file at all. */
export function parseELF(head: Uint8Array): ELFHeader | undefined {
  if (
    head.length < ELF_HEADER_BYTES ||
    Buffer.from(head.subarray(0, 4)).toString('latin1') !== '\x7fELF'
  ) {
    return undefined;
  }
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const littleEndian = view.getUint8(5) === 1;
  const machine = view.getUint16(18, littleEndian);
  return {
    bits: view.getUint8(4) === 2 ? 64 : 32,
    architecture: MACHINES.get(machine) ?? `machine ${machine}`,
    isSharedObject: view.getUint16(16, littleEndian) === SHARED_OBJECT,
  };
}
