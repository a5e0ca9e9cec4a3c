// Connection strings as psql takes them, and mistakes in them, told without a word of what they hold.
import { describe, expect, it } from 'vitest';

import { parseConnection } from '../../../../src/doctor/server/connection/parse-connection.ts';

const readFile = (path: string): string => {
  if (path !== '/ca.pem') throw new Error(path);
  return 'a certificate';
};

describe('a connection string', () => {
  it.each<readonly [text: string, config: object, shown: string]>([
    ['', {}, 'as the environment says'],
    ['dbname=app', { database: 'app' }, 'dbname=app'],
    [
      'host=/run/postgresql port=5433 user=postgres dbname=app password=s3cret',
      {
        host: '/run/postgresql',
        port: 5433,
        user: 'postgres',
        database: 'app',
        password: 's3cret',
      },
      'host=/run/postgresql port=5433 dbname=app user=postgres',
    ],
    [
      "  host = db.example.com  password = 'it\\'s \\\\ 1' user=''",
      { host: 'db.example.com', password: "it's \\ 1", user: '' },
      'host=db.example.com user=',
    ],
    ['host=a hostaddr=10.0.0.1', { host: '10.0.0.1' }, 'host=10.0.0.1'],
    [
      'postgresql://alice:s%403cret@db.example.com:5433/app',
      { host: 'db.example.com', port: 5433, user: 'alice', database: 'app', password: 's@3cret' },
      'host=db.example.com port=5433 dbname=app user=alice',
    ],
    ['postgres://', {}, 'as the environment says'],
    ['postgresql:///app', { database: 'app' }, 'dbname=app'],
    [
      'postgresql:///app?host=/run/postgresql&user=bob',
      { host: '/run/postgresql', database: 'app', user: 'bob' },
      'host=/run/postgresql dbname=app user=bob',
    ],
    ['postgresql://[::1]:5432', { host: '::1', port: 5432 }, 'host=::1 port=5432'],
    [
      'postgresql://%2Frun%2Fpg/app',
      { host: '/run/pg', database: 'app' },
      'host=/run/pg dbname=app',
    ],
    ['host=a sslmode=disable', { host: 'a', ssl: false }, 'host=a'],
    ['host=a sslmode=prefer', { host: 'a', ssl: false }, 'host=a'],
    ['host=a sslmode=require', { host: 'a', ssl: { rejectUnauthorized: false } }, 'host=a'],
    ['host=a sslmode=verify-full', { host: 'a', ssl: true }, 'host=a'],
    ['host=a sslmode=verify-full sslrootcert=system', { host: 'a', ssl: true }, 'host=a'],
    [
      'host=a sslmode=verify-full sslrootcert=/ca.pem',
      { host: 'a', ssl: { ca: 'a certificate' } },
      'host=a',
    ],
  ])('%s', (text, config, shown) => {
    expect(parseConnection(text, readFile)).toEqual({ config, shown });
  });

  it.each(['require', 'verify-ca'])(
    'with sslmode=%s checks the authority, not the name',
    (mode) => {
      const parsed = parseConnection(`host=a sslmode=${mode} sslrootcert=/ca.pem`, readFile);
      expect(parsed).toMatchObject({ config: { ssl: { ca: 'a certificate' } } });
      const { ssl } = typeof parsed === 'string' ? {} : parsed.config;
      expect(typeof ssl === 'object' && typeof ssl.checkServerIdentity === 'function').toBe(true);
    },
  );

  it.each([
    ['s3cret', 'it is neither a URI (postgresql://…) nor a list of name=value'],
    ['host=a password=s3cret b', 'it is neither a URI (postgresql://…) nor a list of name=value'],
    ["password='s3cret", 'it is neither a URI (postgresql://…) nor a list of name=value'],
    [
      'host=a pasword=s3cret',
      'parameter pasword is not known; expected some of host, hostaddr, port, dbname, user, password, sslmode, sslrootcert',
    ],
    ['postgresql://a/b?s3cret=1', 'it has a parameter that is not known'],
    ['host=a port=s3cret', 'port is no number'],
    ['postgresql://a:s3cret', 'port is no number'],
    ['postgresql://a:s3cret%ZZ@b', 'it has a percent sign that stands for nothing'],
    ['sslmode=s3cret', 'sslmode is not known; expected disable, require, verify-ca or verify-full'],
    ['sslmode=require sslrootcert=/s3cret', 'the file of sslrootcert cannot be read'],
  ])('%s is wrong', (text, reason) => {
    expect(parseConnection(text, readFile)).toBe(reason);
    expect(reason).not.toContain('s3cret');
  });
});
