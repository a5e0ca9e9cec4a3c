// What gcov says of the module, and what uncovered.md says of it.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

const here = import.meta.dirname;
const sources = join(here, '../../pam');

/** A line of the module, named by its text and the line above it. */
export interface Line {
  readonly file: string;
  readonly above: string;
  readonly text: string;
}

/** The lines of one source file. */
export interface Coverage {
  readonly file: string;
  readonly lines: number;
  readonly uncovered: readonly Line[];
}

const report = z.looseObject({
  files: z.array(
    z.looseObject({
      file: z.string(),
      lines: z.array(z.looseObject({ line_number: z.number(), count: z.number() })),
    }),
  ),
});

/** Reads what was counted in the folder of a build. Every source file of the module is there, run or not. */
export function readCoverage(folder: string): readonly Coverage[] {
  const names = readdirSync(sources).filter((name) => name.endsWith('.c'));
  return names.map((file) => {
    const notes = join(folder, file.replace(/c$/, 'gcno'));
    const json = execFileSync('gcov', ['--json-format', '--stdout', notes], {
      cwd: folder,
      encoding: 'utf8',
    });
    const found = report.parse(JSON.parse(json)).files.find((one) => one.file === file);
    if (found === undefined) throw new Error(`gcov knows nothing of ${file}`);
    const text = readFileSync(join(sources, file), 'utf8').split('\n');
    // A line that stands for several pieces of code is covered when all of them are.
    const lines = new Map<number, number>();
    for (const { line_number: number, count } of found.lines) {
      lines.set(number, Math.min(count, lines.get(number) ?? Infinity));
    }
    const uncovered = [...lines].filter(([, count]) => count === 0).map(([number]) => number);
    return {
      file,
      lines: lines.size,
      uncovered: uncovered.map((number) => ({
        file,
        above: text[number - 2]?.trim() ?? '',
        text: text[number - 1]?.trim() ?? '',
      })),
    };
  });
}

/** The lines that uncovered.md excuses. */
export function readExcuses(): readonly Line[] {
  const rows = readFileSync(join(here, 'uncovered.md'), 'utf8').matchAll(
    /^\| `(\w+\.c)` \| `(.+)` \| `(.+)` \| .+ \|$/gm,
  );
  return [...rows].map(([, file = '', above = '', text = '']) => ({ file, above, text }));
}
