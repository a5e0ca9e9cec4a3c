// The links to servers: which go on through a reload, and what is told of them.
import { describe, expect, it } from 'vitest';

import { ServerError } from '../../src/postgres/server-error.ts';
import { createServerLinks } from '../../src/sessions/server-links.ts';

const connectionTo = (host: string) => ({
  host,
  port: 5432,
  database: 'postgres',
  user: 'pgtoken',
});
const MAIN = { name: 'main', connection: connectionTo('/run/main') };
const AWAY = new Error('away');
const REFUSED = new ServerError('permission denied', undefined, { isRefused: true });

function create() {
  const told: unknown[] = [];
  const made: string[] = [];
  const closed: string[] = [];
  const links = createServerLinks(
    ({ host }) => {
      made.push(host);
      return { query: async () => [], close: () => void closed.push(host) };
    },
    (server, error) => void told.push([server, error?.message]),
  );
  const use = async (what: Error | string, kind?: 'see' | 'end') =>
    links.all()[0]!.use(async () => {
      if (typeof what === 'string') return what;
      throw what;
    }, kind);
  return { links, told, made, closed, use };
}

describe('links', () => {
  it('go on through a reload by the same connection, and are made anew by another', () => {
    const { links, made, closed } = create();
    links.set([MAIN, { name: 'other', connection: connectionTo('/run/other') }]);
    const [main] = links.all();
    links.set([structuredClone(MAIN), { name: 'other', connection: connectionTo('/run/else') }]);
    expect(links.all()[0]).toBe(main);
    expect(made).toEqual(['/run/main', '/run/other', '/run/else']);
    expect(closed).toEqual(['/run/other']);
    links.set([]);
    expect(links.all()).toEqual([]);
    expect(closed).toEqual(['/run/other', '/run/main', '/run/else']);
  });

  it('give what was asked for, and undefined where that fails', async () => {
    const { links, use } = create();
    links.set([MAIN]);
    expect(links.all()[0]?.isUp).toBeUndefined();
    expect(await use('rows')).toBe('rows');
    expect(links.all()[0]?.isUp).toBe(true);
    expect(await use(AWAY)).toBeUndefined();
    expect(links.all()[0]?.isUp).toBe(false);
  });

  it('are absent while nobody listens on their socket', async () => {
    const { links, use } = create();
    links.set([MAIN]);
    const [link] = links.all();
    expect(link?.isAbsent).toBe(false);
    await use(new ServerError('connect ENOENT', undefined, { isAbsent: true }));
    expect(link?.isAbsent).toBe(true);
    await use(AWAY);
    expect(link?.isAbsent).toBe(false);
    await use(new ServerError('connect ENOENT', undefined, { isAbsent: true }));
    await use('rows');
    expect(link?.isAbsent).toBe(false);
  });

  it('are told of when they stop to answer and when they answer again, once each', async () => {
    const { links, told, use } = create();
    links.set([MAIN]);
    for (const what of ['rows', AWAY, AWAY, 'rows', 'rows', AWAY]) await use(what);
    expect(told).toEqual([
      ['main', 'away'],
      ['main', undefined],
      ['main', 'away'],
    ]);
  });

  it('that refuse one thing are not well because of another', async () => {
    const { links, told, use } = create();
    links.set([MAIN]);
    await use(REFUSED, 'end');
    await use('rows', 'see');
    await use('rows');
    await use(REFUSED, 'end');
    expect(links.all()[0]?.isUp).toBe(false);
    expect(told).toEqual([['main', 'permission denied']]);
    await use('rows', 'end');
    expect(told).toEqual([
      ['main', 'permission denied'],
      ['main', undefined],
    ]);
  });

  it('that were away are well by anything', async () => {
    const { links, told, use } = create();
    links.set([MAIN]);
    await use(AWAY, 'end');
    await use('rows', 'see');
    expect(links.all()[0]?.isUp).toBe(true);
    expect(told).toHaveLength(2);
  });

  it('that are closed are told of no more', async () => {
    const { links, told, use } = create();
    links.set([MAIN]);
    links.close();
    await use(AWAY);
    await use('rows');
    expect(told).toEqual([]);
  });
});
