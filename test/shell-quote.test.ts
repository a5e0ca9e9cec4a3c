// Texts that come out of a shell as they went in.
import { expect, it } from 'vitest';

import { shellQuote } from '../src/shell-quote.ts';
import { run } from './support/run.ts';

it.each([
  '/etc/postgresql/17/main/pg_hba.conf',
  '/srv/x;touch /tmp/owned;/pg_hba.conf',
  'it\'s $(id) `id` "$HOME" \\ & | > < ! * ? ~ #',
  "'",
  '',
  '~postgres',
  'a\nb',
])('is one word: %j', async (text) => {
  const { stdout } = await run('/bin/sh', ['-c', `printf '[%s]' ${shellQuote(text)}`]);
  expect(stdout).toBe(`[${text}]`);
});

it('has no quotes where none are needed', () => {
  expect(shellQuote('/etc/postgresql/17/main/pg_hba.conf')).toBe(
    '/etc/postgresql/17/main/pg_hba.conf',
  );
});
