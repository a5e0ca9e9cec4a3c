// Finds a text that several patterns take at once: what a stranger may write that a rule takes for somebody's.
import { type Machine, type Neighbour, neighbourOf, type Step } from './pattern-machine.ts';
import { createSearchBudget, type SearchBudget } from './search-budget.ts';

/** A group is free when every demand permits five characters or more at two of its places, or more than ten at one. */
const FREE = 2;

interface State {
  readonly places: readonly number[];
  readonly before: Neighbour;
  /** How free each of the free groups is, up to {@link FREE}. */
  readonly freedom: readonly number[];
  /** How it was reached. */
  readonly from?: State;
  readonly character?: string;
}

/**
 * Finds a shortest text of a template that meets all demands.
 *
 * @param template what texts there are.
 * @param demands what a text must match besides.
 * @param free groups of the template that must hold something that no demand spells out, or lists: the demands must leave more
 * than ten texts for it.
 * @param budget is used up; at its end nothing is found any more.
 * @returns undefined where there is none, or it is not found within bounds.
 */
export function findText(
  template: Machine,
  demands: readonly Machine[],
  free: readonly string[],
  budget: SearchBudget = createSearchBudget(),
): string | undefined {
  const machines = [template, ...demands];
  const alphabet = chooseAlphabet(machines);
  const first: State = {
    places: machines.map(({ start }) => start),
    before: 'none',
    freedom: free.map(() => 0),
  };
  const seen = new Set([keyOf(first)]);
  const queue = [first];
  for (const state of queue) {
    if (state.freedom.every((one) => one >= FREE) && isEnd(machines, state)) {
      return spell(state);
    }
    for (const { codePoint, character, neighbour } of alphabet) {
      for (const steps of stepsOf(machines, state, codePoint, neighbour)) {
        const [own, ...others] = steps;
        const gain = Math.min(
          FREE,
          ...others.map(({ width }) => (width > 10 ? 2 : width >= 5 ? 1 : 0)),
        );
        const freedom = state.freedom.map((one, index) =>
          own?.groups.includes(free[index] ?? '') === true ? Math.min(FREE, one + gain) : one,
        );
        const next: State = {
          places: steps.map((step) => step.next),
          before: neighbour,
          freedom,
          from: state,
          character,
        };
        const key = keyOf(next);
        if (!seen.has(key)) {
          seen.add(key);
          queue.push(next);
        }
      }
      budget.steps -= 1;
    }
    if (budget.steps <= 0) {
      return undefined;
    }
  }
  return undefined;
}

/** A character for each set of characters that no pattern tells from one another. */
export interface Letter {
  readonly character: string;
  readonly codePoint: number;
  readonly neighbour: Neighbour;
}

/**
 * The printable characters of ASCII, one of each kind.
 *
 * @param apart characters that are each a kind of their own.
 */
export function chooseAlphabet(machines: readonly Machine[], apart = ''): readonly Letter[] {
  const steps = machines.flatMap(({ all }) => all);
  const kinds = new Map<string, Letter>();
  // Those that read best first.
  const characters = `xyzabcdefghijklmnopqrstuvw1234567890-_./:@XYZABCDEFGHIJKLMNOPQRSTUVW !"#$%&'()*+,;<=>?[\\]^\`{|}~`;
  for (const character of characters) {
    const codePoint = character.codePointAt(0) ?? 0;
    const neighbour = neighbourOf(codePoint);
    const kind = apart.includes(character)
      ? character
      : `${neighbour}${steps.map((step) => (step.takes(codePoint) ? 1 : 0)).join()}`;
    if (!kinds.has(kind)) {
      kinds.set(kind, { character, codePoint, neighbour });
    }
  }
  return [...kinds.values()];
}

function isEnd(machines: readonly Machine[], { places, before }: State): boolean {
  return machines.every((machine, index) => machine.endsAt(places[index] ?? 0, before));
}

/** Every way in which all machines take a character together. */
function stepsOf(
  machines: readonly Machine[],
  { places, before }: State,
  codePoint: number,
  after: Neighbour,
): readonly (readonly Step[])[] {
  let ways: readonly (readonly Step[])[] = [[]];
  for (const [index, machine] of machines.entries()) {
    const steps = machine
      .steps(places[index] ?? 0, before, after)
      .filter((step) => step.takes(codePoint));
    ways = ways.flatMap((way) => steps.map((step) => [...way, step]));
  }
  return ways;
}

function keyOf({ places, before, freedom }: State): string {
  return `${places.join()} ${before} ${freedom.join()}`;
}

function spell(end: State): string {
  let text = '';
  for (let state: State | undefined = end; state !== undefined; state = state.from) {
    text = `${state.character ?? ''}${text}`;
  }
  return text;
}
