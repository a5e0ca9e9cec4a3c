// node-postgres.js WAY HOST PORT DATABASE USER SECONDS: see ../../README.md.
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

const [way, host, port, database, user, seconds] = process.argv.slice(2);
const readToken = async () => (await readFile(process.env.TOKEN_FILE, 'utf8')).trim();
const passwords = { once: await readToken(), callback: readToken };
const pool = new pg.Pool({
  host,
  port: Number(port),
  database,
  user,
  ...(way in passwords ? { password: passwords[way] } : {}),
  max: 4,
  connectionTimeoutMillis: 10_000,
  maxLifetimeSeconds: 2,
});
pool.on('error', () => undefined);

const start = performance.now();
const end = start + Number(seconds) * 1000;
const result = { queries: 0, failures: 0, sessions: 0, lastAnswer: 0, firstFailure: '' };
const sessions = new Set();
const work = async () => {
  while (performance.now() < end) {
    try {
      const { rows } = await pool.query('select current_user as who, pg_backend_pid() as pid');
      if (rows[0].who !== user) throw new Error(`answered by ${rows[0].who}`);
      result.queries += 1;
      result.lastAnswer = Math.round((performance.now() - start) / 100) / 10;
      sessions.add(rows[0].pid);
      await delay(50);
    } catch (error) {
      result.failures += 1;
      result.firstFailure ||= error.message;
      await delay(200);
    }
  }
};
await Promise.all([work(), work(), work(), work()]);
await pool.end();
console.log(JSON.stringify({ ...result, sessions: sessions.size }));
