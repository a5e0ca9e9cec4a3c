// Writes docs/understand/compatibility.md from the recorded results.
import type { Part } from './part.ts';
import type { PartResult, PeerResult } from './results.ts';

const HEAD = `# Compatibility

What pgtoken was run against, in which version, and what came of it. Every row is a run of the command beside it, which anybody
can repeat: \`npm run test:world\` builds or installs the programs, starts them on this machine, and fails when one of them cannot
be had. [test/world](../../test/world/README.md) says what it needs and how to add to it. This page is made from the results of its
runs with \`--record\`.
`;

/** @returns the text of the page: parts in this order, those without a result left out. */
export function renderCompatibility(
  parts: readonly Part[],
  resultOf: (part: string) => PartResult | undefined,
): string {
  const sections = parts.flatMap((part) => {
    const result = resultOf(part.name);
    return result === undefined ? [] : [renderPart(part, result)];
  });
  return [HEAD, ...sections].join('\n');
}

function renderPart(part: Part, result: PartResult): string {
  const rows = result.peers.map(
    (peer) =>
      `| ${peer.what} | ${peer.version} | ${peer.origin} | \`npm run test:world -- ${part.name}\` | ${result.date} | ${outcomeOf(peer)} |`,
  );
  const shown = Object.entries(result.shown).flatMap(([file, sentences]) => [
    '',
    `[${file}](../../test/world/${part.name}/${file}):`,
    '',
    // The name of a group and that of a test in it make one sentence.
    ...withoutRepetition(summedUp(sentences)).map(
      (sentence) => `- ${sentence.replaceAll(' > ', ' ')}`,
    ),
  ]);
  const notRun = Object.entries(part.notRun ?? {});
  return [
    `## ${part.title}`,
    '',
    part.about,
    '',
    '| what | version | from | command | date | outcome |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    `With pgtoken ${result.pgtoken}. What the tests show:`,
    ...shown,
    ...(notRun.length === 0 ? [] : ['', 'What is not run here:', '']),
    ...notRun.map(([what, why]) => `- ${what}: ${why}`),
    '',
  ].join('\n');
}

/** More tests than anybody reads. */
const MANY = 100;

/** Where a group has very many tests, it is one sentence with their number. */
function summedUp(sentences: readonly string[]): readonly string[] {
  const groups = Map.groupBy(sentences, (sentence) => sentence.split(' > ', 1)[0] ?? '');
  return [...groups].flatMap(([group, all]) =>
    all.length > MANY ? [`${group}: ${all.length} tests`] : all,
  );
}

/** Sentences that differ in their end alone, which is in parentheses, become one. */
function withoutRepetition(sentences: readonly string[]): readonly string[] {
  const cases = new Map<string, string[]>();
  for (const sentence of sentences) {
    const [, start = sentence, word] = /^(.*) \(([^()]+)\)$/.exec(sentence) ?? [];
    cases.set(start, [...(cases.get(start) ?? []), ...(word === undefined ? [] : [word])]);
  }
  return [...cases].map(([start, words]) =>
    words.length === 0 ? start : `${start} (${words.join(', ')})`,
  );
}

function outcomeOf({ passed, failed }: PeerResult): string {
  const count = passed + failed.length;
  return failed.length === 0
    ? `all ${count} tests pass`
    : `${passed} of ${count} tests pass; not: ${failed.join('; ')}`;
}
