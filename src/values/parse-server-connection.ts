// How the daemon reaches a PostgreSQL server of its host: over the unix socket, as the user that it runs as (peer). There is no
// password in it, and no way over a network.
import { parseKeywords } from './parse-keywords.ts';

/** Where the server is, and as whom. */
export interface ServerConnection {
  /** The folder of its unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

const PARAMETERS = ['host', 'port', 'dbname', 'user'];
const FORM = 'expected some of host, port, dbname and user';

/** @returns the connection, or what is wrong with the text, in words that hold nothing of its values. */
export function parseServerConnection(text: string): ServerConnection | string {
  const parameters = parseKeywords(text);
  if (parameters === undefined) {
    return `must be a list of name=value, such as "host=/var/run/postgresql port=5432"; ${FORM}`;
  }
  if (parameters.has('password')) {
    return `must have no password: the server knows the daemon by the user that it runs as (peer); ${FORM}`;
  }
  const unknown = [...parameters.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) {
    return /^[a-z_]{1,40}$/.test(unknown)
      ? `has the parameter ${unknown}; ${FORM}`
      : `has a parameter that is not known; ${FORM}`;
  }
  const host = parameters.get('host') ?? '/var/run/postgresql';
  if (!host.startsWith('/')) {
    return "must have the folder of the server's unix socket as host, such as /var/run/postgresql, by its absolute path";
  }
  const port = parameters.get('port') ?? '5432';
  if (!/^[1-9][0-9]{0,4}$/.test(port) || Number(port) > 65_535) {
    return 'must have a port of 1 to 65535';
  }
  const [database, user] = [
    parameters.get('dbname') ?? 'postgres',
    parameters.get('user') ?? 'pgtoken',
  ];
  return database === '' || user === ''
    ? 'must have a dbname and a user that are not empty, or none'
    : { host, port: Number(port), database, user };
}
