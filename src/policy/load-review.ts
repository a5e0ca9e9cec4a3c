// The API server that reviews an entry's tokens, with the files that the configuration names for it.
import { resolve } from 'node:path';
import type { ReportProblem } from '../config/problems.ts';
import type { IssuerConfiguration } from '../config/schema/schema.ts';
import type { ReviewSource } from '../review/review-source.ts';
import { loadCertificateAuthority } from './load-certificate-authority.ts';
import type { KeySource } from './policy.ts';

/**
 * Loads it.
 *
 * @param keySource of the entry: what it has loaded already is not read again.
 * @param folder that of issuers.yaml.
 * @param report told of what is wrong with a file; the result must not be used then.
 * @returns undefined where the entry has none.
 */
export function loadReview(
  { review, issuer, http }: IssuerConfiguration,
  keySource: KeySource,
  folder: string,
  report: ReportProblem,
): ReviewSource | undefined {
  return (
    review && {
      url: review.url.replace(/\/$/, ''),
      certificateAuthority:
        keySource.kind === 'remote'
          ? keySource.certificateAuthority
          : loadCertificateAuthority(issuer, folder, report),
      proxyURL: http.proxyURL,
      bearerTokenFile: resolve(folder, review.bearerTokenFile),
      audiences: issuer.audiences,
      cacheFor: review.cacheFor,
      timeout: review.timeout,
    }
  );
}
