// What can be fuzzed: something that reads foreign bytes, with the rules that must hold whatever they are.
import type { Random } from './random.ts';

export interface FuzzTarget {
  /** Also the name of its folder in `corpus` and of its list in `dictionaries`. */
  readonly name: string;
  /** Inputs to begin with beside those of the corpus. */
  readonly seeds: () => Promise<readonly Uint8Array[]>;
  /** The longest input that is made. */
  readonly maxBytes: number;
  /** Prepares what all inputs need, such as a server. */
  readonly open: () => Promise<FuzzSession>;
}

export interface FuzzSession extends AsyncDisposable {
  /** Tries one input; throws, or rejects, where a rule is broken. */
  readonly run: (input: Buffer, random: Random) => void | Promise<void>;
}

/** A session that needs nothing. */
export function openNothing(run: FuzzSession['run']): FuzzTarget['open'] {
  return async () => ({ run, [Symbol.asyncDispose]: async () => undefined });
}

/** Breaks a rule. */
export function demand(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new Error(`broken: ${rule}`);
}
