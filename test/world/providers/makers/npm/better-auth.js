// A server with Better Auth and its plugin for JWTs. Words: PORT CERTIFICATE KEY
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { toNodeHandler } from 'better-auth/node';
import { jwt } from 'better-auth/plugins';

const [port, cert, key] = process.argv.slice(2);
const tables = { user: [], session: [], account: [], verification: [], jwks: [] };
const auth = betterAuth({
  baseURL: `https://127.0.0.1:${port}`,
  secret: 'only for tests, only for tests, only',
  database: memoryAdapter(tables),
  emailAndPassword: { enabled: true },
  plugins: [jwt()],
  telemetry: { enabled: false },
});
const handle = toNodeHandler(auth);
createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
  if (request.url === '/rotate') {
    // What an administrator does who rotates keys by hand: the key in use has come to its end.
    for (const one of tables.jwks) one.expiresAt = new Date(Date.now() - 1000);
    response.end();
  } else void handle(request, response);
}).listen(Number(port), '127.0.0.1');
