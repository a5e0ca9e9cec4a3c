// The shape of what issuers.yaml says of an issuer and its keys: who it is, where its keys are, and how they are retrieved
// and kept.
import * as z from 'zod/mini';
import {
  checkCache,
  checkIssuer,
  checkKeys,
  crossCheck,
  KEY_SOURCES,
} from '../checks/cross-checks.ts';
import {
  certificates,
  duration,
  httpsURL,
  httpsURLWithQuery,
  oneOf,
  path,
  proxyURL,
  size,
  text,
  trustDomain,
} from '../../values/values.ts';

/** The schema of an entry's `issuer`. */
export const issuerSchema = z
  .strictObject({
    url: z.optional(
      text(
        'Exactly the `iss` claim of the tokens, byte for byte. Either this or `spiffeTrustDomain` must be written. Without `keys` and `discoveryURL` the keys are looked for below it, and it must be an https URL without user, query or fragment; with one of them it is only compared, and may be any text or URI.',
        'https URL; text or URI where it is only compared',
      ),
    ),
    spiffeTrustDomain: z.optional(
      trustDomain(
        'Instead of `url`: tokens whose `sub` is a SPIFFE ID of this trust domain (JWT-SVIDs). Their `iss` is not looked at. Needs `keys`.',
      ),
    ),
    discoveryURL: z.optional(
      httpsURLWithQuery(
        'Where the discovery document is, when it is not at `url` + `/.well-known/openid-configuration`; it may have a query. The document must still carry `url` as its `issuer`.',
      ),
    ),
    certificateAuthority: z.optional(
      certificates(
        "The certificate authority that signed the issuer's TLS certificate, inline; several certificates may follow each other, and any of them will do, an intermediate too. Without one, those of the system count.",
      ),
    ),
    certificateAuthorityFile: z.optional(
      path('The same as a file. Only one of the two may be written.'),
    ),
    audiences: z
      .array(text('An audience'), { error: 'expected a list of audiences, such as [postgres]' })
      .check(
        z.minLength(1, 'at least one audience is required, such as [postgres]'),
        z.meta({
          title: 'list of text, at least one',
          description: 'Which `aud` a token must carry, byte for byte.',
        }),
      ),
    audienceMatchPolicy: z.optional(
      z
        .enum(['MatchAny', 'MatchExact'])
        .check(
          z.describe(
            '`MatchAny`: `aud` holds at least one of the audiences. `MatchExact`: `aud` holds all of the audiences and nothing else. Must be written when there are several audiences; with one, leaving it out means `MatchAny`.',
          ),
        ),
    ),
  })
  .check(crossCheck(checkIssuer), oneOf(['url', 'spiffeTrustDomain']));

/** The schema of an entry's `keys`. */
export const keysSchema = z
  .strictObject({
    jwksURI: z.optional(
      httpsURLWithQuery(
        'Where the keys (JWKS, RFC 7517) are, without discovery; it may have a query.',
      ),
    ),
    jwksFile: z.optional(
      path('A file with the keys (JWKS), pinned: nothing is retrieved for this entry.'),
    ),
    publicKeysFile: z.optional(
      path(
        'A file with public keys or certificates in PEM, pinned. They have no `kid`: those that fit the algorithm of a token are tried, at most four.',
      ),
    ),
    spiffeBundleURL: z.optional(
      httpsURL(
        'Where the bundle of `spiffeTrustDomain` is (a SPIFFE bundle endpoint with web PKI). Of its keys those for JWT-SVIDs are used.',
      ),
    ),
    spiffeBundleFile: z.optional(
      path('The same as a file, pinned, as `spire-server bundle show -format spiffe` writes it.'),
    ),
    bearerTokenFile: z.optional(
      path(
        'A file with a token that is sent to `jwksURI` or `spiffeBundleURL`, and nowhere else, where the keys are not for everybody. Read anew for each retrieval.',
      ),
    ),
  })
  .check(crossCheck(checkKeys), oneOf(KEY_SOURCES));

/** The schema of an entry's `http`. */
export const httpSchema = z.strictObject({
  proxyURL: z.optional(
    proxyURL(
      'The HTTP proxy to retrieve keys through (CONNECT). Without it there is none, whatever the environment says.',
    ),
  ),
  timeout: z.prefault(
    duration('The time for one retrieval of the keys, discovery included.', '100ms', '60s'),
    '3s',
  ),
  maxResponseBytes: z.prefault(
    size(
      'The longest answer that is read of the issuer, as it comes and decompressed.',
      1024,
      16 * 1024 * 1024,
    ),
    '1MiB',
  ),
});

/** The schema of an entry's `cache`. */
export const cacheSchema = z
  .strictObject({
    refreshInterval: z.prefault(
      duration(
        'How long keys are used before they are retrieved again. A key that its issuer removes stops working after this time at the latest, as long as the issuer answers.',
        '1s',
        '7d',
      ),
      '10m',
    ),
    maxStale: z.prefault(
      duration(
        'How long keys are used after their last successful retrieval while the issuer does not answer; at least `refreshInterval`. Then logins end with `ERR_KEYS_UNAVAILABLE`.',
        '1s',
        '30d',
      ),
      '24h',
    ),
    maxStaleUnauthorized: z.optional(
      duration(
        'The same once the issuer has answered 401 or 403, until it gives its keys again; at most `maxStale`. It counts from the last successful retrieval too: write `refreshInterval` and a few minutes more, or the first 401 or 403 may end all logins. Left out, `maxStale`.',
        '0s',
        '30d',
      ),
    ),
    unknownKeyCooldown: z.prefault(
      duration(
        'The least time between two retrievals for tokens whose key is not there, or does not verify them.',
        '1s',
        '1d',
      ),
      '30s',
    ),
  })
  .check(crossCheck(checkCache));
