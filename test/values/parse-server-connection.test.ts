// How a server of this host is reached: what is taken, and what is wrong with the rest.
import { describe, expect, it } from 'vitest';

import { parseKeywords } from '../../src/values/parse-keywords.ts';
import { parseServerConnection } from '../../src/values/parse-server-connection.ts';

const DEFAULT = { host: '/var/run/postgresql', port: 5432, database: 'postgres', user: 'pgtoken' };

describe('a connection', () => {
  it.each<[text: string, connection: object]>([
    ['', DEFAULT],
    ['host=/run/a', { ...DEFAULT, host: '/run/a' }],
    ["host='/run/a b' port = 5433", { ...DEFAULT, host: '/run/a b', port: 5433 }],
    ['  dbname=x\tuser=y\n', { ...DEFAULT, database: 'x', user: 'y' }],
    [String.raw`user='it\'s' dbname=a\ b`, { ...DEFAULT, user: "it's", database: 'a b' }],
    ['port=1 port=65535', { ...DEFAULT, port: 65_535 }],
  ])('%j', (text, connection) => {
    expect(parseServerConnection(text)).toEqual(connection);
  });

  const FORM = 'expected some of host, port, dbname and user';
  const LIST = `must be a list of name=value, such as "host=/var/run/postgresql port=5432"; ${FORM}`;
  const HOST =
    "must have the folder of the server's unix socket as host, such as /var/run/postgresql, by its absolute path";
  it.each<[text: string, message: string]>([
    ['postgresql://pgtoken@localhost/postgres', LIST],
    ['host', LIST],
    ["host='/run/a", LIST],
    ['host=/run/a\\', LIST],
    ["host=/run/a'b'", LIST],
    [' ', LIST],
    [
      'password=secret',
      `must have no password: the server knows the daemon by the user that it runs as (peer); ${FORM}`,
    ],
    ['sslmode=disable', `has the parameter sslmode; ${FORM}`],
    ['options=-c', `has the parameter options; ${FORM}`],
    ['PASSWORD=secret', `has a parameter that is not known; ${FORM}`],
    [`${'x'.repeat(41)}=1`, `has a parameter that is not known; ${FORM}`],
    ['host=localhost', HOST],
    ['host=10.0.0.7', HOST],
    ['host=@abstract', HOST],
    ['host=', HOST],
    ['host=run/postgresql', HOST],
    ['port=0', 'must have a port of 1 to 65535'],
    ['port=65536', 'must have a port of 1 to 65535'],
    ['port=05432', 'must have a port of 1 to 65535'],
    ['port=5432,5433', 'must have a port of 1 to 65535'],
    ['dbname=', 'must have a dbname and a user that are not empty, or none'],
    ["user=''", 'must have a dbname and a user that are not empty, or none'],
  ])('is not %j', (text, message) => {
    expect(parseServerConnection(text)).toBe(message);
    expect(message).not.toContain('secret');
  });
});

it('keywords that never end are read in no time', () => {
  const since = performance.now();
  expect(parseKeywords(`a='${'\\'.repeat(100_000)}`)).toBeUndefined();
  expect(parseKeywords(`a=${' '.repeat(100_000)}b c`)).toBeUndefined();
  expect(parseKeywords('a'.repeat(100_000))).toBeUndefined();
  expect(performance.now() - since).toBeLessThan(2000);
});
