// What is said of a file that cannot be read.
import { readFile } from 'node:fs/promises';

import { expect, it } from 'vitest';

import { describeFileError } from '../src/describe-file-error.ts';

const { dirname, filename } = import.meta;

it.each([
  ['that is not there', `${dirname}/none`, 'no such file'],
  ['below a file', `${filename}/none`, 'no such file'],
  ['that is a folder', dirname, 'it is a folder'],
])('names the reason for a path %s', async (_what, path, reason) => {
  expect(await readFile(path, 'utf8').catch(describeFileError)).toBe(reason);
});

it('names the user who may not read it', () => {
  // Made up: root, who may run this, reads everything.
  const error = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  expect(describeFileError(error)).toBe(`user ID ${process.geteuid?.()} may not read it`);
});

it('has the code of what it has no words for, or else the message', () => {
  expect(describeFileError(Object.assign(new Error('x'), { code: 'EIO' }))).toBe('EIO');
  expect(describeFileError(new Error('x'))).toBe('x');
});
