// What docs/operate/containers.md tells to write down, so that the tests do exactly that.
import { readPage } from '../docs/read-markdown.ts';

export interface Examples {
  /** postgresql/pg_hba.conf. */
  readonly hba: string;
  /** initdb/roles.sql. */
  readonly sql: string;
}

/** Throws where the page no longer has them. */
export function readExamples(): Examples {
  const { blocks } = readPage('docs/operate/containers.md');
  const hba = blocks.find(({ text }) => text.includes('pamservice='));
  const sql = blocks.find(({ language }) => language === 'sql');
  if (hba?.language !== '' || sql === undefined) {
    throw new Error(
      'docs/operate/containers.md does not say what to write into pg_hba.conf and roles.sql',
    );
  }
  return { hba: hba.text, sql: sql.text };
}
