// What the programs of drivers for Node are told, and what they print: see ../../README.md.
import { readFile } from 'node:fs/promises';

const [way, host, port, database, user, authority] = process.argv.slice(2);

export { way };
/** What both drivers call the same. */
export const options = {
  host,
  port: Number(port),
  database,
  user,
  ssl: { ca: await readFile(authority, 'utf8') },
};
export const WHO = 'select current_user as who, ssl from pg_stat_ssl where pid = pg_backend_pid()';
export const readToken = async () => (await readFile(process.env.TOKEN_FILE, 'utf8')).trim();

/** @param logIn resolves with the row. */
export async function report(logIn) {
  try {
    const { who, ssl } = await logIn();
    console.log(`${who} ${ssl ? 'TLS' : 'plain'}`);
  } catch (error) {
    console.error(error.message);
    // A driver may have left its connection open.
    process.exit(1);
  }
}
