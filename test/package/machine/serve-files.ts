// An issuer as a machine sees it: serves the files of a folder over HTTPS, with key.pem and cert.pem of the same folder.
// serve-files.ts FOLDER PORT [ADDRESS], run in the machine's network; the address is 127.0.0.1 by default.
// It is copied alone to where it runs, and so negotiates by itself as test/support/negotiate.ts does: a key set, which is
// whatever is no discovery document, has one media type.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join, normalize } from 'node:path';

const [, , folder = '', port = '', address = '127.0.0.1'] = process.argv;

const server = createServer(
  { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) },
  (request, response) => {
    const file = join(folder, 'www', normalize(`/${request.url ?? ''}`));
    if (!existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    const mediaType = file.endsWith('/openid-configuration')
      ? 'application/json'
      : 'application/jwk-set+json';
    const accepted = (request.headers.accept ?? '*/*').split(',').map((range) => range.trim());
    if (!accepted.some((range) => range.startsWith('*/*') || range === mediaType)) {
      response.writeHead(406).end();
      return;
    }
    response.writeHead(200, { 'content-type': mediaType }).end(readFileSync(file));
  },
);
server.listen(Number(port), address, () => {
  process.stdout.write('ready\n');
});
