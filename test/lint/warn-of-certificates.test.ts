// Certificate authorities whose time is nearly over are told while there is still time.
import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { formatPath } from '../../src/config/problems.ts';
import { CERTIFICATE } from '../support/certificate.ts';
import { createCertificateAuthority } from '../support/certificate-authority.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { entryWith, findWarningsIn } from './warnings-of.ts';

const DAY = 86_400;
const { validFromDate, validToDate } = new X509Certificate(CERTIFICATE);
const [FROM, TO] = [validFromDate.getTime() / 1000, validToDate.getTime() / 1000];
const AT = 'issuers[0].issuer.certificateAuthority: certificate';

async function warningsAt(now: number, certificateAuthority: string): Promise<readonly string[]> {
  const issuer = {
    url: 'https://k8s.example.com',
    audiences: ['postgres'],
    certificateAuthority,
  };
  const warnings = await findWarningsIn([entryWith({ issuer })], {}, { clock: () => now });
  return warnings.map(({ path, message }) => `${formatPath(path)}: ${message}`);
}

it.each<readonly [what: string, now: number, warning: string | undefined]>([
  ['has expired', TO + 1, 'expired on 2036-11-19: TLS trusts nothing by it'],
  [
    'expires within the hour',
    TO - 1,
    'expires on 2036-11-19, in 0 days: TLS trusts nothing by it from then on',
  ],
  [
    'expires tomorrow',
    TO - DAY,
    'expires on 2036-11-19, in 1 day: TLS trusts nothing by it from then on',
  ],
  [
    'expires in 30 days',
    TO - 30 * DAY + 1,
    'expires on 2036-11-19, in 29 days: TLS trusts nothing by it from then on',
  ],
  ['expires later', TO - 30 * DAY, undefined],
  ['has just begun', FROM, undefined],
  [
    'is of the future',
    FROM - 1,
    'is not valid before 2026-11-22: TLS trusts nothing by it until then',
  ],
])('an authority that %s', async (_what, now, warning) => {
  expect(await warningsAt(now, CERTIFICATE)).toEqual(
    warning === undefined ? [] : [`${AT} 1, "example authority", ${warning}`],
  );
});

it('an authority in a file is told by the key that names it', async () => {
  await using folder = await createTemporaryFolder('authority');
  const certificateAuthorityFile = join(folder.path, 'authority.pem');
  await writeFile(certificateAuthorityFile, CERTIFICATE, { mode: 0o644 });
  const issuer = {
    url: 'https://k8s.example.com',
    audiences: ['postgres'],
    certificateAuthorityFile,
  };
  const warnings = await findWarningsIn([entryWith({ issuer })], {}, { clock: () => TO + 1 });
  expect(warnings.map(({ path }) => formatPath(path))).toEqual([
    'issuers[0].issuer.certificateAuthorityFile',
  ]);
});

it('each of several is judged, also one behind a missing line break', async () => {
  await using young = await createCertificateAuthority({ name: 'young' });
  const now = Date.now() / 1000 + 80.5 * DAY;
  expect(await warningsAt(now, CERTIFICATE.trimEnd() + young.certificate)).toEqual([
    expect.stringMatching(
      /^issuers\[0\]\.issuer\.certificateAuthority: certificate 2, "young", expires on \S+, in 9 days: /,
    ),
  ]);
});
