// The connection string of --db: a URI, or the `name=value` form that psql takes as well. The password goes to the driver and
// nowhere else; nothing in here ever repeats the string.
import { readFileSync } from 'node:fs';
import type { ClientConfig } from 'pg';
import { parseKeywords } from '../../../values/parse-keywords.ts';

/** What the driver needs, and what may be shown of it. */
export interface Connection {
  readonly config: ClientConfig;
  /** Host, port, database and user, as far as they are written. */
  readonly shown: string;
}

const PARAMETERS: ReadonlySet<string> = new Set([
  'host',
  'hostaddr',
  'port',
  'dbname',
  'user',
  'password',
  'sslmode',
  'sslrootcert',
]);

/** @returns the connection, or what is wrong with the string, in words that hold nothing of its values. */
export function parseConnection(
  text: string,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): Connection | string {
  const parameters = /^postgres(?:ql)?:\/\//.test(text)
    ? parseURI(text)
    : (parseKeywords(text) ?? 'it is neither a URI (postgresql://…) nor a list of name=value');
  if (typeof parameters === 'string') {
    return parameters;
  }
  const unknown = [...parameters.keys()].find((name) => !PARAMETERS.has(name));
  if (unknown !== undefined) {
    return /^[a-z_]{1,40}$/.test(unknown)
      ? `parameter ${unknown} is not known; expected some of ${[...PARAMETERS].join(', ')}`
      : 'it has a parameter that is not known';
  }
  const port = parameters.get('port');
  if (port !== undefined && !/^[1-9][0-9]{0,4}$/.test(port)) {
    return 'port is no number';
  }
  const ssl = parseSSL(parameters.get('sslmode'), parameters.get('sslrootcert'), readFile);
  if (typeof ssl === 'string') {
    return ssl;
  }
  const host = parameters.get('hostaddr') ?? parameters.get('host');
  const [user, database] = [parameters.get('user'), parameters.get('dbname')];
  const password = parameters.get('password');
  const shown = [
    host === undefined ? '' : `host=${host}`,
    port === undefined ? '' : `port=${port}`,
    database === undefined ? '' : `dbname=${database}`,
    user === undefined ? '' : `user=${user}`,
  ].filter((part) => part);
  return {
    config: {
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port: Number(port) }),
      ...(user === undefined ? {} : { user }),
      ...(database === undefined ? {} : { database }),
      ...(password === undefined ? {} : { password }),
      ...(ssl === undefined ? {} : { ssl }),
    },
    shown: shown.join(' ') || 'as the environment says',
  };
}

function parseURI(text: string): ReadonlyMap<string, string> | string {
  // A URI may leave out the host, which the parser of URLs insists on.
  const [, authority = '', rest = ''] = /^[a-z]+:\/\/([^/?]*)(.*)$/s.exec(text) ?? [];
  const credentials = authority.slice(0, Math.max(0, authority.lastIndexOf('@')));
  const place = authority.slice(authority.lastIndexOf('@') + 1);
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(place) ?? [];
  const [path = '', query = ''] = rest.split('?');
  const colon = credentials.indexOf(':');
  try {
    const pairs: (readonly [string, string | undefined])[] = [
      ['user', decodeURIComponent(colon === -1 ? credentials : credentials.slice(0, colon))],
      ['password', colon === -1 ? '' : decodeURIComponent(credentials.slice(colon + 1))],
      ['host', decodeURIComponent(host.replace(/^\[(.*)\]$/, '$1'))],
      ['port', port],
      ['dbname', decodeURIComponent(path.slice(1))],
      ...new URLSearchParams(query),
    ];
    return new Map(
      pairs.flatMap(([name, value]) =>
        value === undefined || value === '' ? [] : [[name, value] as const],
      ),
    );
  } catch {
    return 'it has a percent sign that stands for nothing';
  }
}

/** sslmode as libpq means it, but for prefer: what it may fall back to is no use to a check. */
function parseSSL(
  mode: string | undefined,
  rootFile: string | undefined,
  readFile: (path: string) => string,
): ClientConfig['ssl'] | string {
  let ca: string | undefined;
  try {
    ca = rootFile === undefined || rootFile === 'system' ? undefined : readFile(rootFile);
  } catch {
    return 'the file of sslrootcert cannot be read';
  }
  switch (mode) {
    case undefined:
    case 'disable':
    case 'allow':
    case 'prefer':
      return mode === undefined ? undefined : false;
    case 'require':
      return ca === undefined
        ? { rejectUnauthorized: false }
        : { ca, checkServerIdentity: () => undefined };
    case 'verify-ca':
      return { ...(ca === undefined ? {} : { ca }), checkServerIdentity: () => undefined };
    case 'verify-full':
      return ca === undefined ? true : { ca };
    default:
      return 'sslmode is not known; expected disable, require, verify-ca or verify-full';
  }
}
