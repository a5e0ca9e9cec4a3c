// The arguments that PAM modules write, and that everything else is left to the command line for people.
import { describe, expect, it } from 'vitest';

import {
  DEFAULT_CONFIG,
  DEFAULT_TIMEOUT,
  parsePAMArguments,
  parseTimeout,
} from '../../src/cli/pam-arguments.ts';

describe('the arguments of a PAM module', () => {
  it.each([
    [['pam'], { config: DEFAULT_CONFIG, timeout: DEFAULT_TIMEOUT }],
    [['pam', '--config', '/x.yaml'], { config: '/x.yaml', timeout: DEFAULT_TIMEOUT }],
    [['pam', '--config', '/x.yaml', '--timeout', '4500ms'], { config: '/x.yaml', timeout: 4.5 }],
    [['pam', '--timeout', '60s', '--config', 'x'], { config: 'x', timeout: 60 }],
  ])('%j are read here', (args, options) => {
    expect(parsePAMArguments(args)).toEqual(options);
  });

  it.each([
    [[]],
    [['serve']],
    [['--version']],
    [['pam', '--help']],
    [['pam', '--config']],
    [['pam', '--config', '']],
    [['pam', '--config', '--timeout']],
    [['pam', '--config', 'x', '--config', 'y']],
    [['pam', '--timeout', '1s', '--timeout', '2s']],
    [['pam', '--config=/x.yaml']],
    [['pam', '--timeout', '99ms']],
    [['pam', '--timeout', '61s']],
    [['pam', '--timeout', '5']],
    [['pam', '--timeout', '']],
    [['pam', '--cache-dir', '/x']],
    [['pam', 'x', 'y']],
    [['pam', '--', 'x', 'y']],
    [['config', 'pam']],
  ])('%j are left to others', (args) => {
    expect(parsePAMArguments(args)).toBeUndefined();
  });
});

it.each([
  ['100ms', 0.1],
  ['4s', 4],
  ['60s', 60],
  ['99ms', undefined],
  ['61s', undefined],
  ['4', undefined],
])('a timeout of %s is %s s', (text, seconds) => {
  expect(parseTimeout(text)).toBe(seconds);
});
