// Every valid token vector, and what is made of each: bits changed, ends cut off, parts swapped within it and with others.
import { loadVectorFiles } from '../vectors/tokens/vector.ts';

const files = await loadVectorFiles();

export const VALID_VECTORS = files.flatMap(({ name: file, vectors }) =>
  vectors
    .filter(({ expected }) => 'granted' in expected)
    .map((vector) => ({ title: `${file}: ${vector.name}`, vector })),
);

export const VALID_TOKENS: ReadonlySet<string> = new Set(
  VALID_VECTORS.map(({ vector }) => vector.password),
);

/** All bits where each token is by another algorithm; elsewhere what differs are header and claims. */
export function hasAllBitsFlipped(title: string): boolean {
  return title.includes('signed with');
}

/** Every text that differs in one bit of one byte; or in one bit of each byte, another from place to place. */
export function* flipped(text: string, allBits: boolean): Generator<string> {
  for (let at = 0; at < text.length; at += 1) {
    for (const bit of allBits ? [0, 1, 2, 3, 4, 5, 6, 7] : [at % 8]) {
      const byte = String.fromCharCode(text.charCodeAt(at) ^ (1 << bit));
      yield text.slice(0, at) + byte + text.slice(at + 1);
    }
  }
}

/** Every shorter text that is left of it, from either end. */
export function* cut(text: string): Generator<string> {
  for (let at = 1; at < text.length; at += 1) {
    yield text.slice(0, at);
    yield text.slice(at);
  }
}

/** Every other order of the parts, with parts left out or repeated. */
export function* reordered(text: string): Generator<string> {
  const parts = text.split('.');
  const choices = [...parts, ''];
  for (const a of choices)
    for (const b of choices)
      for (const c of choices) {
        const made = [a, b, c].join('.');
        if (made !== text) yield made;
      }
}

/** The token with one part of any other of these, where that makes none of them. */
export function recombined(text: string, tokens: ReadonlySet<string>): ReadonlySet<string> {
  const own = text.split('.');
  const made = new Set<string>();
  for (const other of tokens) {
    for (const [index, part] of other.split('.').entries()) {
      const token = own.with(index, part).join('.');
      if (!tokens.has(token)) made.add(token);
    }
  }
  return made;
}
