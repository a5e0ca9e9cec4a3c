// Where a process of `pgtoken pam` remembers what it has retrieved: a folder for each configuration.
import { expect, it } from 'vitest';

import { findCacheFolder } from '../../src/cli/cache-folder.ts';

const find = (config: string): string | undefined => findCacheFolder(config, '/home/a');

it('is below the home folder for the default configuration', () => {
  expect(find('/etc/pgtoken/issuers.yaml')).toBe('/home/a/.cache/pgtoken');
  expect(find('/etc/pgtoken/../pgtoken/issuers.yaml')).toBe('/home/a/.cache/pgtoken');
});

it('is a folder of its own for any other, by its whole path', () => {
  expect(find('/etc/pgtoken/people.yaml')).toBe(
    '/home/a/.cache/pgtoken/%2Fetc%2Fpgtoken%2Fpeople.yaml',
  );
  const folders = ['/a/b.yaml', '/a_b.yaml', '/a%2Fb.yaml', '/A/b.yaml'].map(find);
  expect(new Set(folders).size).toBe(4);
});

it('has a name of bounded length, still one for each', () => {
  const folders = ['x', 'y'].map((end) => find(`/${'long/'.repeat(100)}${end}.yaml`) ?? '');
  expect(new Set(folders).size).toBe(2);
  for (const folder of folders) expect(folder.length).toBeLessThan(100);
});
