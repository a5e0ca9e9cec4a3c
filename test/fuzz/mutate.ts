// Makes another input of one that is there: bytes changed, taken out, put in, repeated, and pieces of others.
import type { Random } from './random.ts';

/** What a mutation can draw on. */
export interface Material {
  /** At least one. */
  readonly corpus: readonly Uint8Array[];
  /** At least one. */
  readonly words: readonly string[];
  readonly maxBytes: number;
}

const BYTES = [0, 1, 0x0a, 0x0d, 0x1b, 0x20, 0x22, 0x2e, 0x5c, 0x7f, 0x80, 0xc0, 0xed, 0xff];
const NUMBERS = ['0', '-1', '1e308', '1e400', '9007199254740993', '4294967296', '0.5', '-0'];

type Mutation = (input: Buffer, random: Random, material: Material) => Buffer;

const MUTATIONS: readonly Mutation[] = [
  // One bit.
  (input, random) => changeByte(input, random, (byte) => byte ^ (1 << random.below(8))),
  // One byte, to any or to one that means something.
  (input, random) => changeByte(input, random, () => random.below(256)),
  (input, random) => changeByte(input, random, () => random.pick(BYTES)),
  // A piece left out.
  (input, random) => {
    const [from, to] = range(input, random);
    return Buffer.concat([input.subarray(0, from), input.subarray(to)]);
  },
  // The end left out.
  (input, random) => input.subarray(0, random.below(input.length + 1)),
  // A piece again, at its place or elsewhere, once or often.
  (input, random) => {
    const [from, to] = range(input, random);
    const times = random.chance(8) ? random.below(300) : 1;
    return insert(input, random, Buffer.concat(Array(times).fill(input.subarray(from, to))));
  },
  // A piece of another input.
  (input, random, { corpus }) => {
    const other = Buffer.from(random.pick(corpus));
    const [from, to] = range(other, random);
    return insert(input, random, other.subarray(from, to));
  },
  // The start of one and the end of another.
  (input, random, { corpus }) => {
    const other = Buffer.from(random.pick(corpus));
    return Buffer.concat([
      input.subarray(0, random.below(input.length + 1)),
      other.subarray(random.below(other.length + 1)),
    ]);
  },
  // A word, or a number.
  (input, random, { words }) => insert(input, random, Buffer.from(random.pick(words))),
  (input, random) => insert(input, random, Buffer.from(random.pick(NUMBERS))),
  // A word in the place of another piece.
  (input, random, { words }) => {
    const [from, to] = range(input, random);
    const word = Buffer.from(random.pick(words));
    return Buffer.concat([input.subarray(0, from), word, input.subarray(to)]);
  },
];

/** Makes an input of one of the corpus, by one to eight mutations. */
export function mutate(random: Random, material: Material): Buffer {
  let input = Buffer.from(random.pick(material.corpus));
  for (let left = 1 + random.below(8); left > 0; left -= 1) {
    input = Buffer.from(random.pick(MUTATIONS)(input, random, material));
  }
  return input.subarray(0, material.maxBytes);
}

function changeByte(input: Buffer, random: Random, change: (byte: number) => number): Buffer {
  const changed = Buffer.from(input);
  const at = random.below(Math.max(1, input.length));
  if (at < input.length) changed[at] = change(changed[at]!);
  return changed;
}

function insert(input: Buffer, random: Random, piece: Uint8Array): Buffer {
  const at = random.below(input.length + 1);
  return Buffer.concat([input.subarray(0, at), piece, input.subarray(at)]);
}

/** Mostly short. */
function range(input: Buffer, random: Random): [from: number, to: number] {
  const from = random.below(input.length + 1);
  const longest = random.chance(4) ? input.length - from : Math.min(16, input.length - from);
  return [from, from + random.below(longest + 1)];
}
