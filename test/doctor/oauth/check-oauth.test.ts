// Lines of pg_hba.conf that send tokens to pgtoken's OAuth validator.
import { describe, expect, it } from 'vitest';

import { checkFiles, checkLines, examineLines } from '../hba/check-lines.ts';

const OAUTH = 'oauth issuer="https://login.example.com" scope=openid';
const PAM = 'hostssl app all all pam pamservice=x';
const DELEGATED = `hostssl all all all ${OAUTH} delegate_ident_mapping=1`;

describe('a line for the validator', () => {
  it.each([
    DELEGATED,
    `${DELEGATED} validator=pgtoken_validator`,
    `${DELEGATED} validator=/usr/local/lib/pgtoken_validator`,
    `hostssl all all all ${OAUTH} map=people`,
    `local all all ${OAUTH} delegate_ident_mapping=1`,
  ])('is in order beside one with pam: %s', (line) => {
    const type = line.split(' ')[0];
    expect(examineLines(PAM, line)).toMatchObject([
      { level: 'ok', message: 'hostssl line uses x' },
      { level: 'ok', subject: '/hba:2', message: `${type} line uses the OAuth validator` },
    ]);
  });

  it.each(['', ' delegate_ident_mapping=0', ' validator=pgtoken_validator'])(
    'lets in only whose subject is the role, with "%s"',
    (options) => {
      expect(checkLines(PAM, `hostssl all all all ${OAUTH}${options}`)).toMatchObject([
        {
          level: 'warning',
          fault: 'hba-mapping',
          subject: '/hba:2',
          hint: 'Write delegate_ident_mapping=1: the role rules of issuers.yaml say who may be what.',
        },
      ]);
    },
  );

  it('is in clear text without TLS', () => {
    const line = `host all all 10.0.0.0/8 ${OAUTH} delegate_ident_mapping=1`;
    expect(checkLines(PAM, line)).toMatchObject([{ fault: 'hba-cleartext', subject: '/hba:2' }]);
  });

  it('is never used below a broader one', () => {
    expect(checkLines('hostssl all all all scram-sha-256', DELEGATED)).toMatchObject([
      { fault: 'hba-shadowed', subject: '/hba:2' },
      { fault: 'hba-unused' },
    ]);
  });

  it('takes the superuser along where it is local and first', () => {
    const line = `local all all ${OAUTH} delegate_ident_mapping=1`;
    expect(checkLines(PAM, line, 'local all postgres peer')).toMatchObject([
      { fault: 'hba-superuser' },
    ]);
  });

  it('of another validator is none of ours', () => {
    const line = `host all all all ${OAUTH} validator=other_validator`;
    expect(checkLines(PAM, line)).toEqual([]);
  });

  it('needs no PAM service beside it', () => {
    expect(checkFiles({ '/hba': { text: DELEGATED } }, '/hba', [])).toMatchObject([
      { level: 'ok', message: 'hostssl line uses the OAuth validator' },
    ]);
  });
});
