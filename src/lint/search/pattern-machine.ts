// A pattern of RE2 as a machine that can be walked through, to find texts that it takes. The matcher's own program is walked, so
// that machine and matcher cannot differ about what a pattern means. Only advice is made of it, never a decision.
import { RE2JS } from 're2js';
import * as z from 'zod/mini';

/** What a character is next to an assertion such as ^, $ or \b; `none` before the first and after the last one. */
export type Neighbour = 'none' | 'word' | 'line' | 'other';

/** One character that the machine may take, and where it is then. */
export interface Step {
  readonly takes: (codePoint: number) => boolean;
  /** How many different characters it takes. */
  readonly width: number;
  /** The names of the groups that the character is in. */
  readonly groups: readonly string[];
  readonly next: number;
}

/** A compiled pattern. Its places are numbers; a text begins at `start`. */
export interface Machine {
  readonly start: number;
  /** Everything that it takes anywhere. */
  readonly all: readonly Step[];
  /** What it may take at a place. */
  readonly steps: (place: number, before: Neighbour, after: Neighbour) => readonly Step[];
  /** Whether the text may end at a place. */
  readonly endsAt: (place: number, before: Neighbour) => boolean;
  /** The named groups of a text; undefined where the pattern does not take it. */
  readonly match: (text: string) => Readonly<Record<string, string>> | undefined;
}

/** The instructions of the matcher's program (re2js, as RE2 and Go have them). */
const OP = { alt: 1, altMatch: 2, capture: 3, empty: 4, fail: 5, match: 6, nop: 7 } as const;
const RUNE_OPS = { runes: 8, one: 9, any: 10, anyButLine: 11 } as const;
/** What an assertion demands. */
const EMPTY = { lineStart: 1, lineEnd: 2, start: 4, end: 8, boundary: 16, noBoundary: 32 } as const;

/** One of them. What `matchRune` takes is a code point. */
const instructionSchema = z.object({
  op: z.literal([...Object.values(OP), ...Object.values(RUNE_OPS)]),
  out: z.number(),
  arg: z.number(),
  runes: z.instanceof(Int32Array),
  matchRune: z.custom<(codePoint: number) => boolean>((value) => typeof value === 'function'),
});
type Instruction = z.output<typeof instructionSchema>;
/** It is no part of what re2js promises. */
const programSchema = z.object({ start: z.number(), inst: z.array(instructionSchema) });

/** What of re2js is used. */
export interface CompiledPattern extends Pick<RE2JS, 'namedGroups' | 'matcher'> {
  readonly re2Input: { readonly prog: unknown };
}

/**
 * Compiles a pattern.
 *
 * @param compile the matcher's compiler; throws where the pattern is none.
 * @returns undefined where it is none, or has something that only the matcher understands.
 */
export function createMachine(
  pattern: string,
  compile: (text: string) => CompiledPattern = (text) => RE2JS.compile(text),
): Machine | undefined {
  let compiled: CompiledPattern;
  try {
    compiled = compile(pattern);
  } catch {
    return undefined;
  }
  const program: unknown = compiled.re2Input.prog;
  // Parsed only to be looked at: what is walked is the program itself, whose instructions know each other.
  if (!isProgram(program)) {
    return undefined;
  }
  const { start, inst: instructions } = program;
  const names = new Map(
    Object.entries(compiled.namedGroups()).map(([name, index]) => [index, name]),
  );
  const groups = findGroups(instructions, start, names);
  const steps = instructions.map((one, pc): Step | undefined => stepOf(one, groups[pc] ?? []));
  const reach = memoize((place: number, flags: number) => closure(instructions, place, flags));
  return {
    start,
    all: steps.filter((step) => step !== undefined),
    steps: (place, before, after) =>
      reach(place, flagsBetween(before, after)).flatMap((pc) => steps[pc] ?? []),
    endsAt: (place, before) =>
      reach(place, flagsBetween(before, 'none')).some((pc) => instructions[pc]?.op === OP.match),
    match(text) {
      const matcher = compiled.matcher(text);
      return matcher.matches()
        ? Object.fromEntries([...names.values()].map((name) => [name, matcher.group(name) ?? '']))
        : undefined;
    },
  };
}

/** What a character is to its neighbours. */
export function neighbourOf(codePoint: number): Neighbour {
  const character = String.fromCodePoint(codePoint);
  return character === '\n' ? 'line' : /^\w$/.test(character) ? 'word' : 'other';
}

function isProgram(value: unknown): value is z.output<typeof programSchema> {
  return programSchema.safeParse(value).success;
}

function stepOf(instruction: Instruction, groups: readonly string[]): Step | undefined {
  const { op, out, runes } = instruction;
  switch (op) {
    case RUNE_OPS.runes:
    case RUNE_OPS.one:
      return {
        takes: (codePoint) => instruction.matchRune(codePoint),
        width: widthOf(runes),
        groups,
        next: out,
      };
    case RUNE_OPS.any:
      return { takes: () => true, width: 0x11_0000, groups, next: out };
    case RUNE_OPS.anyButLine:
      return { takes: (codePoint) => codePoint !== 10, width: 0x10_ffff, groups, next: out };
    default:
      return undefined;
  }
}

/** Of pairs of first and last; a single one may be taken in both cases. */
function widthOf(runes: ArrayLike<number>): number {
  const list = Array.from(runes);
  return list.length === 1
    ? 1
    : list.reduce((sum, rune, index) => (index % 2 === 0 ? sum - rune : sum + rune + 1), 0);
}

/** Where the machine may be before it takes the next character: instructions that take one, or end. */
function closure(instructions: readonly Instruction[], place: number, flags: number): number[] {
  const seen = new Set<number>();
  const found: number[] = [];
  const open = [place];
  for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
    const one = instructions[pc];
    if (one === undefined || seen.has(pc)) {
      continue;
    }
    seen.add(pc);
    switch (one.op) {
      case OP.alt:
      case OP.altMatch:
        open.push(one.arg, one.out);
        break;
      case OP.capture:
      case OP.nop:
        open.push(one.out);
        break;
      case OP.empty:
        if ((one.arg & ~flags) === 0) {
          open.push(one.out);
        }
        break;
      // Of a failure as well: it is no step, and no end.
      default:
        found.push(pc);
    }
  }
  return found;
}

function flagsBetween(before: Neighbour, after: Neighbour): number {
  return (
    (before === 'none' ? EMPTY.start : 0) |
    (after === 'none' ? EMPTY.end : 0) |
    (before === 'none' || before === 'line' ? EMPTY.lineStart : 0) |
    (after === 'none' || after === 'line' ? EMPTY.lineEnd : 0) |
    ((before === 'word') === (after === 'word') ? EMPTY.noBoundary : EMPTY.boundary)
  );
}

/** The named groups that each instruction stands in: groups are nested, so that every way to it has opened the same. */
function findGroups(
  instructions: readonly Instruction[],
  start: number,
  names: ReadonlyMap<number, string>,
): readonly (readonly string[] | undefined)[] {
  const groups: (readonly string[] | undefined)[] = [];
  const open: (readonly [pc: number, inside: readonly string[]])[] = [[start, []]];
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    const [pc, inside] = entry;
    const one = instructions[pc];
    if (one === undefined || groups[pc] !== undefined) {
      continue;
    }
    groups[pc] = inside;
    const name = one.op === OP.capture ? names.get(one.arg >> 1) : undefined;
    const next =
      name === undefined
        ? inside
        : (one.arg & 1) === 0
          ? [...inside, name]
          : inside.filter((other) => other !== name);
    open.push([one.out, next]);
    if (one.op === OP.alt || one.op === OP.altMatch) {
      open.push([one.arg, next]);
    }
  }
  return groups;
}

function memoize(compute: (place: number, flags: number) => number[]) {
  const known = new Map<number, number[]>();
  return (place: number, flags: number): readonly number[] => {
    const key = place * 64 + flags;
    const found = known.get(key) ?? compute(place, flags);
    known.set(key, found);
    return found;
  };
}
