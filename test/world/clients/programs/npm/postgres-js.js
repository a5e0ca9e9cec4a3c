// postgres.js, which asks a function for its password.
import postgres from 'postgres';

import { options, readToken, report, WHO } from './client.js';

await report(async () => {
  const sql = postgres({ ...options, max: 1, password: readToken });
  try {
    const [row] = await sql.unsafe(WHO);
    return row;
  } finally {
    await sql.end();
  }
});
