// What the comments of an example say, they say of the file that becomes of it too.
import { describe, expect, it } from 'vitest';

import { addAnswers } from '../../../src/init/answers.ts';
import { fillExample } from '../../../src/init/fill/fill-example.ts';
import { findKind, KINDS } from '../../../src/init/kinds.ts';
import { pathOfExample, readShippedText, SHIPPED_TEXTS } from '../../../src/init/shipped-texts.ts';
import { SAMPLE_SETTINGS } from '../sample-settings.ts';

/** The comments, in one line. */
function commentsOf(name: string, settings: readonly string[]): string {
  const kind = findKind(name);
  if (kind === undefined) throw new Error(`no kind ${name}`);
  const answers = new Map<string, string[]>();
  const given = settings.map((one): [string, string] => {
    const at = one.indexOf('=');
    return [one.slice(0, at), one.slice(at + 1)];
  });
  expect(addAnswers(kind, answers, given)).toBe(undefined);
  const text = fillExample(kind, readShippedText(pathOfExample(name)), answers, {
    name: undefined,
    service: undefined,
    certificateAuthorityFile: undefined,
    provision: false,
  });
  if (typeof text !== 'string') throw new Error(text.problem);
  const lines = text.split('\n').filter((line) => line.trim().startsWith('#'));
  return lines.map((line) => line.replace(/^ *# */, '')).join(' ');
}

/** The settings of a kind without these. */
const without = (name: string, ...left: string[]): string[] =>
  (SAMPLE_SETTINGS[name] ?? []).filter((one) => !left.some((begin) => one.startsWith(begin)));

describe('comments', () => {
  it.each(KINDS.map(({ name }) => name))('name no file that is not beside it: %s', (name) => {
    const comments = commentsOf(name, SAMPLE_SETTINGS[name] ?? []);
    const files = [...comments.matchAll(/(?<![\w./-])[\w-]+\.yaml/g)].map(([file]) => file);
    expect(files.filter((file) => !['issuers.yaml', 'reviewer.yaml'].includes(file))).toEqual([]);
  });

  it.each(['keycloak', 'dex', 'cognito'])('have no user names where no rule has: %s', (name) => {
    const comments = commentsOf(name, without(name, 'user-names'));
    expect(comments).not.toMatch(/each as the role of their user name|take the rule on/);
  });

  it('name the groups that are admitted', () => {
    const settings = [
      ...without('keycloak', 'admitted-groups', 'group-role'),
      'admitted-groups=db-users',
    ];
    const comments = commentsOf('keycloak', [...settings, 'group-role=db-users=reader']);
    expect(comments).toContain('in one of the groups db-users, with');
    expect(comments).not.toMatch(/\/dba|\/analysts/);
  });

  it('name no partner where there is none', () => {
    const comments = commentsOf('spiffe', without('spiffe', 'partner-'));
    expect(comments).not.toMatch(/example\.net|one workload of/);
  });

  it('do not tell to copy the PAM service that is in its place', () => {
    expect(readShippedText(SHIPPED_TEXTS.pamService)).not.toMatch(/copy this file/i);
  });
});
