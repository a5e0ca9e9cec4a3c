import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { CertificateAuthority } from '../../../support/certificate-authority.ts';

/** Writes a certificate for this machine's loopback interface into a folder, as servers want it. */
export async function writeCertificate(
  authority: CertificateAuthority,
  folder: string,
): Promise<{ readonly cert: string; readonly key: string }> {
  const issued = await authority.issue();
  const paths = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') };
  await writeFile(paths.cert, issued.cert);
  await writeFile(paths.key, issued.key);
  return paths;
}
