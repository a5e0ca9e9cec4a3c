// oauth2-mock-server, as its page says, over HTTPS. Words: PORT CERTIFICATE KEY
import { OAuth2Server } from 'oauth2-mock-server';

const [port, cert, key] = process.argv.slice(2);
const server = new OAuth2Server(key, cert);
await server.issuer.keys.generate('RS256');
await server.start(Number(port), '127.0.0.1');
