// node-postgres, which asks a function for its password, or reads it in a .pgpass itself.
import pg from 'pg';

import { options, readToken, report, way, WHO } from './client.js';

await report(async () => {
  const client = new pg.Client({
    ...options,
    ...(way === 'callback' ? { password: readToken } : {}),
  });
  await client.connect();
  const { rows } = await client.query(WHO);
  await client.end();
  return rows[0];
});
