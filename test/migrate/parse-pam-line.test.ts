// A line of a PAM service file, as linux-pam takes it apart.
import { describe, expect, it } from 'vitest';

import { collectInto, type Finding } from '../../src/migrate/findings.ts';
import { parsePAMLine } from '../../src/migrate/parse-pam-line.ts';

function parse(text: string) {
  const findings: Finding[] = [];
  return { line: parsePAMLine(text, collectInto(findings)), findings };
}

const argumentsOf = (text: string) => parse(`auth required m.so ${text}`).line?.arguments;

describe('a line', () => {
  it('has type, control, module and arguments', () => {
    expect(parse('auth required pam_oidc.so issuer=https://a.example.com aud=b').line).toEqual({
      type: 'auth',
      quiet: false,
      control: 'required',
      module: 'pam_oidc.so',
      arguments: ['issuer=https://a.example.com', 'aud=b'],
    });
  });

  it('may have a dash in front, capitals, tabs, and a list of results as control', () => {
    expect(parse('\t-AUTH\t[success=ok  default=die] /lib/m.so ').line).toEqual({
      type: 'auth',
      quiet: true,
      control: '[success=ok  default=die]',
      module: '/lib/m.so',
      arguments: [],
    });
    expect(parse('Session OPTIONAL m.so').line).toMatchObject({
      type: 'session',
      control: 'optional',
    });
  });

  it.each<[what: string, text: string, expected: readonly string[]]>([
    ['blanks separate', 'a \t b', ['a', 'b']],
    ['a bracket keeps blanks together', '[a b] c', ['a b', 'c']],
    ['a bracket inside a word is a character', 'a[b c]', ['a[b', 'c]']],
    ['the first closing bracket ends', '[a [b] c]', ['a [b', 'c]']],
    ['a backslash keeps a closing bracket', String.raw`[a\]b] c`, ['a]b', 'c']],
    [
      'a backslash is one before anything else',
      String.raw`[a\b] \c`,
      [String.raw`a\b`, String.raw`\c`],
    ],
    ['what follows a bracket is an argument of its own', '[a b]c', ['a b', 'c']],
    ['empty brackets are an empty argument', '[] a', ['', 'a']],
    ['quotes mean nothing', `"a b" 'c'`, ['"a', 'b"', "'c'"]],
    ['a comment ends the line', 'a #b', ['a']],
    ['a comment ends a word', 'a#b c', ['a']],
  ])('%s', (_what, text, expected) => {
    expect(argumentsOf(text)).toEqual(expected);
  });

  it('goes on behind a backslash, over comments and empty lines around it', () => {
    expect(parse('# people\n\nauth required \\\n  m.so \\ \n\ta\n# end\n').line).toMatchObject({
      module: 'm.so',
      arguments: ['a'],
    });
  });
});

describe('what is no line', () => {
  const HINT = 'Give the auth line that names pam_oidc.so, in single quotes.';

  it.each<[text: string, message: string, hint?: string]>([
    ['', 'there is no line; expected one of a PAM service file', HINT],
    [' \n# auth required m.so', 'there is no line; expected one of a PAM service file', HINT],
    ['auth required a\nauth required b', 'there are 2 lines; expected one', HINT],
    ['auth required a # b \\\nc', 'there are 2 lines; expected one', HINT],
    [
      'auth required m.so \\\n',
      'the line ends with a backslash, and none follows; expected the rest of it',
    ],
    [
      'auth required m.so\r',
      String.raw`the line holds the character "\r"; expected printable text in UTF-8`,
    ],
    [
      'auth required m.so \u{2028}issuers: []',
      String.raw`the line holds the character "\u2028"; expected printable text in UTF-8`,
    ],
    [
      'auth required m.so a\u{FFFD}',
      String.raw`the line holds the character "\ufffd"; expected printable text in UTF-8`,
    ],
    [
      '@include common-auth',
      'the line begins with "@include"; expected auth, as in a file of /etc/pam.d',
    ],
    [
      'postgresql auth required m.so',
      'the line begins with "postgresql"; expected auth, as in a file of /etc/pam.d',
      'Leave out the service name, which only /etc/pam.conf has.',
    ],
    ['auth', 'nothing follows "auth"; expected a control such as required, and a module'],
    [
      'auth include common-auth',
      'the control is "include"; expected required, requisite, sufficient, optional or a list in brackets',
    ],
    ['auth required', 'no module follows "required"; expected pam_oidc.so'],
    [
      'auth required m.so [http_proxy=http://user:secret@proxy',
      'the bracket in front of "http_proxy=" is never closed',
      String.raw`For PAM a # ends the line in brackets too, and \] is a ] that does not close them.`,
    ],
    [
      'auth required m.so [a # b]',
      'the bracket in front of "a " is never closed',
      String.raw`For PAM a # ends the line in brackets too, and \] is a ] that does not close them.`,
    ],
  ])('%j', (text, message, hint) => {
    const expected = hint === undefined ? { message } : { message, hint };
    expect(parse(text)).toEqual({ line: undefined, findings: [expected] });
  });
});
