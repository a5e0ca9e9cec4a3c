// Reads the documentation as far as the tests need it: headings, links, code blocks and tables.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

export interface CodeBlock {
  /** What stands behind the opening fence, such as `yaml`. */
  readonly language: string;
  readonly text: string;
}

export interface Heading {
  readonly level: number;
  readonly text: string;
  /** What a link to it has behind the "#", as GitHub makes it. */
  readonly anchor: string;
}

export interface Page {
  readonly text: string;
  readonly headings: readonly Heading[];
  readonly blocks: readonly CodeBlock[];
  /** The targets of its links. */
  readonly links: readonly string[];
  /** The rows of its tables, cell by cell, without those of headings. */
  readonly rows: readonly (readonly string[])[];
  /** Its sections by the text of their level-two headings. */
  readonly sections: ReadonlyMap<string, string>;
}

/** Reads a page by its path in the repository. */
export function readPage(path: string): Page {
  return parsePage(readFileSync(join(ROOT, path), 'utf8'));
}

export function parsePage(text: string): Page {
  const blocks = [...text.matchAll(/^ *```(\w*)\n(.*?)^ *```$/gms)].map(([, language, body]) => ({
    language: language ?? '',
    text: body ?? '',
  }));
  const prose = text.replaceAll(/^ *```.*?^ *```$/gms, '');
  const headings = [...prose.matchAll(/^(#+) (.+)$/gm)].map(([, marks = '', title = '']) => ({
    level: marks.length,
    text: title,
    anchor: makeAnchor(title),
  }));
  const lines = prose.split('\n');
  const rows = lines
    .filter((line, at) => line.startsWith('|') && !isRule(line) && !isRule(lines[at + 1] ?? ''))
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
  const sections = new Map(
    text
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const end = section.indexOf('\n');
        return [section.slice(0, end), section.slice(end + 1)] as const;
      }),
  );
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return { text, headings, blocks, links, rows, sections };
}

/** The rows of a part of a page. */
export function rowsOf(section: string | undefined): readonly (readonly string[])[] {
  return parsePage(section ?? '').rows;
}

/** What stands between backticks in a cell, each on its own. */
export function codeSpans(cell: string | undefined): string[] {
  return [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);
}

function isRule(line: string): boolean {
  return /^\|(?:-+\|)+$/.test(line);
}

function makeAnchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}
