// Lists short texts that several patterns take at once: samples of what a rule may see.
import { chooseAlphabet, type Letter } from './find-text.ts';
import { type Machine, type Neighbour } from './pattern-machine.ts';

/** Patterns with more places than these together are not gone through. */
const MAX_NODES = 3000;
/** The most prefixes that are explored. */
const MAX_BEGINNINGS = 4000;
/** The longest text that is tried. */
const MAX_LENGTH = 200;

/** Where all machines may be after some text. */
interface Node {
  readonly isEnd: boolean;
  readonly next: { readonly character: string; readonly node: Node }[];
  /** Whether a text that ends comes of it. */
  isLive: boolean;
}

/**
 * @param apart characters that whatever looks at the texts tells from all others.
 * @returns different texts, those with fewer choices in them first, of one character for each set that no pattern tells from one
 * another; none where the patterns are too large to be gone through.
 */
export function listTexts(machines: readonly Machine[], apart: string): readonly string[] {
  const start = buildGraph(machines, apart);
  const texts: string[] = [];
  const queue = start?.isLive === true ? [{ text: '', node: start }] : [];
  for (const first of queue) {
    // What is spelled out is no choice: it is gone through at once.
    for (let { text, node } = first; text.length <= MAX_LENGTH;) {
      if (node.isEnd) {
        texts.push(text);
      }
      const [only, ...others] = node.next.filter((one) => one.node.isLive);
      if (only === undefined) {
        break;
      }
      if (others.length > 0) {
        const beginnings = [only, ...others].map((one) => ({
          text: text + one.character,
          node: one.node,
        }));
        queue.push(...beginnings.slice(0, MAX_BEGINNINGS - queue.length));
        break;
      }
      text += only.character;
      ({ node } = only);
    }
  }
  return texts;
}

function buildGraph(machines: readonly Machine[], apart: string): Node | undefined {
  const alphabet = chooseAlphabet(machines, apart);
  const nodes = new Map<string, { node: Node; places: Places; before: Neighbour }>();
  const enter = (places: Places, before: Neighbour): Node => {
    const key = JSON.stringify([places, before]);
    const known = nodes.get(key);
    if (known !== undefined) {
      return known.node;
    }
    const isEnd = machines.every(
      (machine, index) => places[index]?.some((place) => machine.endsAt(place, before)) === true,
    );
    const node: Node = { isEnd, next: [], isLive: isEnd };
    nodes.set(key, { node, places, before });
    return node;
  };
  const start = enter(
    machines.map((machine) => [machine.start]),
    'none',
  );
  const before = new Map<Node, Node[]>();
  // A map is gone through with what is added on the way.
  for (const { node, places, before: neighbour } of nodes.values()) {
    if (nodes.size > MAX_NODES) {
      return undefined;
    }
    const letters = new Set<Node>();
    for (const letter of alphabet) {
      const reached = take(machines, places, neighbour, letter);
      const next = reached && enter(reached, letter.neighbour);
      // Letters that lead to the same place are the same here; rules may tell other characters from one another.
      const isLetter = /[A-Za-z0-9]/.test(letter.character) && !apart.includes(letter.character);
      if (next !== undefined && !(isLetter && letters.has(next))) {
        node.next.push({ character: letter.character, node: next });
        before.getOrInsertComputed(next, () => []).push(node);
        if (isLetter) {
          letters.add(next);
        }
      }
    }
  }
  const live = [...nodes.values()].map(({ node }) => node).filter(({ isEnd }) => isEnd);
  for (const node of live) {
    for (const earlier of before.get(node) ?? []) {
      if (!earlier.isLive) {
        earlier.isLive = true;
        live.push(earlier);
      }
    }
  }
  return start;
}

type Places = readonly (readonly number[])[];

function take(
  machines: readonly Machine[],
  places: Places,
  before: Neighbour,
  { codePoint, neighbour }: Letter,
): Places | undefined {
  const next = machines.map((machine, index) => {
    const steps = (places[index] ?? []).flatMap((place) => machine.steps(place, before, neighbour));
    const reached = steps.filter((step) => step.takes(codePoint)).map((step) => step.next);
    return [...new Set(reached)].toSorted((a, b) => a - b);
  });
  return next.every((list) => list.length > 0) ? next : undefined;
}
