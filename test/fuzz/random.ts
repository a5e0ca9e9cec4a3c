// Random numbers that come again from the same seed (xorshift128, George Marsaglia), so that a failure can be made again.

export interface Random {
  /** A whole number from 0 to below a limit. */
  readonly below: (limit: number) => number;
  readonly pick: <T>(list: readonly T[]) => T;
  readonly chance: (oneIn: number) => boolean;
}

export function createRandom(seed: number, stream = 0): Random {
  const state = new Uint32Array([seed, stream, 0x9e3779b9, 0x243f6a88]);
  const next = (): number => {
    const mixed = state[0]! ^ (state[0]! << 11);
    state.copyWithin(0, 1);
    state[3]! ^= (state[3]! >>> 19) ^ mixed ^ (mixed >>> 8);
    return state[3]!;
  };
  // The first numbers are too much like the seed.
  for (let n = 0; n < 20; n += 1) next();
  const below = (limit: number): number => next() % limit;
  return {
    below,
    pick: (list) => list[below(list.length)]!,
    chance: (oneIn) => below(oneIn) === 0,
  };
}
