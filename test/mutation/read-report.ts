// What a run of Stryker found, and the reasons that survivors.md gives for mutants that no test can tell from the original.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The part of Stryker's report (mutation testing report schema) that is looked at. */
interface Report {
  readonly files: Readonly<
    Record<string, { readonly source: string; readonly mutants: readonly ReportedMutant[] }>
  >;
}

interface ReportedMutant {
  readonly status: string;
  readonly replacement?: string;
  readonly location: {
    readonly start: { readonly line: number; readonly column: number };
    readonly end: { readonly line: number; readonly column: number };
  };
}

/** A mutant, told by what it changes rather than by where that stands: lines move. */
export interface Mutant {
  readonly file: string;
  /** The line on which the change begins. */
  readonly line: string;
  /** What is replaced, and by what; in one line, cut. */
  readonly change: string;
}

export interface FileResult {
  readonly file: string;
  /** Mutants that a test has told from the original, by an assertion or by not coming to an end. */
  readonly killed: number;
  readonly total: number;
  /** Not run: static ones. */
  readonly leftOut: number;
  readonly survivors: readonly Mutant[];
}

const MOST = 60;
/** What cannot run, and what was not run. */
const NO_MUTANT = ['CompileError', 'RuntimeError', 'Ignored'];

/** Reads a report. Mutants that no test runs have survived too; those that are no program do not count. */
export function readReport(path: string): readonly FileResult[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Stryker's own file.
  const report = JSON.parse(readFileSync(path, 'utf8')) as Report;
  return Object.entries(report.files).map(([file, { source, mutants }]) => {
    const lines = source.split('\n');
    const counted = mutants.filter(({ status }) => !NO_MUTANT.includes(status));
    const survivors = counted.filter(({ status }) => !['Killed', 'Timeout'].includes(status));
    return {
      file,
      killed: counted.length - survivors.length,
      total: counted.length,
      leftOut: mutants.filter(({ status }) => status === 'Ignored').length,
      survivors: survivors.map(({ location: { start, end }, replacement = '' }) => {
        const text = lines.slice(start.line - 1, end.line).join('\n');
        const left = text.length - (lines[end.line - 1] ?? '').length + end.column - 1;
        const replaced = text.slice(start.column - 1, left);
        const line = (lines[start.line - 1] ?? '').trim();
        return { file, line, change: `${shown(replaced)} → ${shown(replacement)}` };
      }),
    };
  });
}

function shown(text: string): string {
  const flat = text.replaceAll(/\s+/g, ' ');
  return flat.length <= MOST ? flat : `${flat.slice(0, MOST)}…`;
}

/** The mutants that survivors.md explains. */
export function readExplanations(): readonly Mutant[] {
  const rows = readFileSync(join(import.meta.dirname, 'survivors.md'), 'utf8').matchAll(
    /^\| (src\/\S+) \| `` (.+) `` \| `` (.+) `` \|$/gm,
  );
  return [...rows].map(([, file = '', line = '', change = '']) => ({
    file,
    line: line.replaceAll(String.raw`\|`, '|'),
    change: change.replaceAll(String.raw`\|`, '|'),
  }));
}

/** As a row of survivors.md. */
export function formatRow({ file, line, change }: Mutant): string {
  const cell = (text: string): string => `\`\` ${text.replaceAll('|', String.raw`\|`)} \`\``;
  return `| ${file} | ${cell(line)} | ${cell(change)} |`;
}
