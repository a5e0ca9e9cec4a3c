// What is said of a server that could not be asked.
import { describe, expect, it } from 'vitest';

import { ServerError, toServerError } from '../../src/postgres/server-error.ts';

const withCode = (code: unknown, message = 'm'): Error =>
  Object.assign(new Error(message), { code });

describe('an error of the driver', () => {
  it.each([
    ['28000', /^Write "local all pgtoken peer"/],
    ['28P01', /^Write "local all pgtoken peer"/],
    ['42501', /^Let a superuser run what "pgtoken database sql" prints\.$/],
    ['53300', /^It has no connection left/],
    ['ENOENT', /^Check host and port/],
    ['ECONNREFUSED', /^Check host and port/],
    ['EACCES', /^The user of the daemon must be able to enter/],
    ['57014', /^The server took too long/],
    ['55P03', /^Something holds a lock/],
    ['3F000', /database sql --provision/],
    ['42883', /database sql --provision/],
    ['PT001', /^$/],
    [undefined, /^$/],
    [7, /^$/],
  ])('with code %s has its hint', (code, hint) => {
    expect(toServerError(withCode(code)).hint ?? '').toMatch(hint);
  });

  it('of a function of schema pgtoken has the hint of the function, and no other has', () => {
    const withHint = (code: string): Error => Object.assign(withCode(code), { hint: 'Do this.' });
    expect(toServerError(withHint('PT001')).hint).toBe('Do this.');
    expect(toServerError(withHint('42601')).hint).toBeUndefined();
  });

  it('is short, and in printable ASCII', () => {
    expect(
      toServerError(new Error(`role "jörg\n\u{1F600}\0" ${'x'.repeat(1000)}`)).message,
    ).toMatch(/^role "j\?rg\?\?\?\?" x{284}$/);
  });

  it.each([undefined, null, 'text', 7])('may be anything: %s', (thrown) => {
    expect(toServerError(thrown)).toBeInstanceOf(ServerError);
  });

  it('is itself where it is one already', () => {
    const error = new ServerError('the connection is closed', 'Do something.');
    expect(toServerError(error)).toBe(error);
  });

  it.each([
    ['42501', true],
    ['22P02', true],
    ['57014', false],
    ['08006', false],
    ['28000', false],
    ['3D000', false],
    ['53300', false],
    ['XX000', false],
    ['ECONNRESET', false],
    ['EPIPE', false],
    ['ENOENT', false],
  ])('%s is a refusal of the statement: %s; and never one of a connection', (code, isRefused) => {
    expect(toServerError(withCode(code)).isRefused).toBe(isRefused);
    expect(toServerError(withCode(code), { isConnected: false }).isRefused).toBe(false);
  });

  it('advises to let in the user as whom it connects', () => {
    expect(toServerError(withCode('28000'), { user: 'tokens' }).hint).toMatch(
      /^Write "local all tokens peer"/,
    );
  });

  it.each([
    ['ENOENT', true],
    ['ECONNREFUSED', true],
    ['EACCES', false],
    ['ETIMEDOUT', false],
    ['ECONNRESET', false],
    ['57P03', false],
  ])('%s while connecting is that no server runs there: %s', (code, isAbsent) => {
    expect(toServerError(withCode(code), { isConnected: false }).isAbsent).toBe(isAbsent);
    expect(toServerError(withCode(code)).isAbsent).toBe(false);
  });
});
