// The certificate of a server.
import { X509Certificate } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Finding } from '../../../src/doctor/finding.ts';
import { checkCertificate } from '../../../src/doctor/server/check-certificate.ts';
import type { ServerSettings } from '../../../src/doctor/server/settings.ts';
import { createCertificateAuthority } from '../../support/certificate-authority.ts';
import { fakeFiles, fakeHost, type FakeFile } from '../fake-host.ts';
import { LOCAL, LOOPBACK, REMOTE, rules, settings } from './server-settings.ts';

describe('the certificate', () => {
  const stack = new AsyncDisposableStack();
  let text: string;
  /** When it begins and ends, in days from now. */
  let lifetime: readonly [begin: number, end: number];
  /** Days, as ISO 8601 has them. */
  let from: string;
  let until: string;

  beforeAll(async () => {
    const authority = stack.use(await createCertificateAuthority());
    text = (await authority.issue()).cert;
    const { validFromDate, validToDate } = new X509Certificate(text);
    const daysUntil = (date: Date): number => (date.getTime() - Date.now()) / 1000 / DAY;
    lifetime = [daysUntil(validFromDate), daysUntil(validToDate)];
    [from, until] = [
      validFromDate.toISOString().slice(0, 10),
      validToDate.toISOString().slice(0, 10),
    ];
  });
  afterAll(async () => {
    await stack.disposeAsync();
  });

  const DAY = 86_400;
  const messagesOf = (findings: readonly Finding[]): readonly string[] =>
    findings.map(({ message }) => message);
  const check = (
    path: string,
    over: Partial<ServerSettings> = {},
    file: FakeFile = { text },
    days = 1,
  ): readonly Finding[] =>
    checkCertificate(
      settings(over),
      rules(REMOTE),
      fakeHost({
        files: fakeFiles({ [path]: file }),
        clock: () => Date.now() / 1000 + days * DAY,
      }),
    );

  it('is looked for from the data folder', () => {
    expect(check('/data/server.crt')).toMatchObject([
      {
        level: 'ok',
        subject: '/data/server.crt',
      },
    ]);
    expect(messagesOf(check('/data/server.crt'))).toEqual([
      `certificate for DNS:localhost, IP Address:127.0.0.1, until ${until}`,
    ]);
    expect(check('/etc/x.pem', { certificateFile: '/etc/x.pem' })).toMatchObject([{ level: 'ok' }]);
  });

  it.each(['before it begins', 'after its end'])('is out of date a day %s', (when) => {
    const [begin, end] = lifetime;
    const days = when === 'before it begins' ? begin - 1 : end + 1;
    expect(check('/data/server.crt', {}, { text }, days)).toMatchObject([
      {
        level: 'failure',
        fault: 'server-certificate-date',
        subject: '/data/server.crt',
      },
    ]);
    expect(messagesOf(check('/data/server.crt', {}, { text }, days))).toEqual([
      `the server's certificate is valid from ${from} to ${until}: clients with sslmode=verify-full refuse it`,
    ]);
  });

  it('is a placeholder', () => {
    const certificateFile = '/etc/ssl/certs/ssl-cert-snakeoil.pem';
    expect(check(certificateFile, { certificateFile })).toMatchObject([
      { level: 'warning', fault: 'server-certificate-placeholder', subject: certificateFile },
    ]);
  });

  it('cannot be seen, and then nothing is said', () => {
    for (const file of [{ text: 'x' }, { text, reader: 7 }]) {
      expect(check('/data/server.crt', {}, file)).toEqual([]);
    }
    expect(check('/elsewhere')).toEqual([]);
    expect(check('/server.crt', { dataFolder: undefined, certificateFile: '' })).toEqual([]);
  });

  it('is shown to nobody', () => {
    expect(check('/data/server.crt', { hasTLS: false })).toEqual([]);
    const host = fakeHost({ files: fakeFiles({ '/data/server.crt': { text } }) });
    expect(checkCertificate(settings(), rules(LOOPBACK, LOCAL), host)).toEqual([]);
  });
});
