// The figures of docs/develop/packaging.md, which the package is held to.
import { readPage } from '../../docs/read-markdown.ts';

/** @returns the number that stands first in the row of that name; throws where there is none. */
export function readFigure(name: string): number {
  const row = readPage('docs/develop/packaging.md').rows.find(([cell]) => cell === name);
  const figure = /^[\d.]+/.exec(row?.[1] ?? '')?.[0];
  if (figure === undefined) throw new Error(`docs/develop/packaging.md has no figure for ${name}`);
  return Number(figure);
}
