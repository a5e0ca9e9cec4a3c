// The certificate authority of an entry: as it stands in issuers.yaml, where it has been checked, or from its file.
import { resolve } from 'node:path';
import { checkCertificates } from '../certificates/check-certificates.ts';
import type { ReportProblem } from '../config/problems.ts';
import { readTrustedFile } from '../files/read-trusted-file.ts';
import type { IssuerPart } from '../config/schema/schema.ts';
import { fileHint } from './file-hint.ts';
import { MAX_REFERENCED_BYTES } from './limits.ts';

/** @returns PEM, or undefined where the authorities of the system count. */
export function loadCertificateAuthority(
  issuer: IssuerPart,
  folder: string,
  report: ReportProblem,
): string | undefined {
  if (issuer.certificateAuthority !== undefined) {
    return issuer.certificateAuthority;
  }
  if (issuer.certificateAuthorityFile === undefined) {
    return undefined;
  }
  const at = ['issuer', 'certificateAuthorityFile'];
  const path = resolve(folder, issuer.certificateAuthorityFile);
  const file = readTrustedFile(path, { maxBytes: MAX_REFERENCED_BYTES });
  if (!file.ok) {
    report(at, `Invalid value: ${path} cannot be used: ${file.reason}`, fileHint(file));
    return undefined;
  }
  for (const reason of checkCertificates(file.text)) {
    report(at, `Invalid value: ${path}: ${reason}`);
  }
  return file.text;
}
