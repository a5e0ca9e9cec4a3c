// The shape of what issuers.yaml says of the API server that is asked whether a token still stands.
import * as z from 'zod/mini';
import { duration, httpsURL, path } from '../../values/values.ts';

/** The schema of an entry's `review`. */
export const reviewSchema = z.strictObject({
  url: httpsURL(
    'Kubernetes: the address of the API server of the cluster whose tokens these are. It is asked (TokenReview) for each login that everything else would grant. Trusted by `issuer.certificateAuthority`, and reached through `http.proxyURL`, where they are written.',
  ),
  bearerTokenFile: path(
    'A file with the token to ask with, of a service account that may `create tokenreviews`. Read anew for each request, and sent to `url` alone.',
  ),
  onError: z
    .enum(['deny', 'allow'])
    .check(
      z.describe(
        'What becomes of a login while the API server gives no answer that can be used: `deny` refuses it (`ERR_REVIEW_UNAVAILABLE`), `allow` grants it, as without `review`, and says so in log and metric. An answer of no is always a refusal.',
      ),
    ),
  cacheFor: z.prefault(
    duration(
      'How long a yes counts for more logins with the same token. A no is never kept. The API server itself keeps a yes for 10 seconds.',
      '0s',
      '5m',
    ),
    '10s',
  ),
  timeout: z.prefault(
    duration(
      "The time for one answer, waiting for its turn included. With what the keys take it has to stay below the daemon's `--deadline`, 4 seconds by default.",
      '100ms',
      '3s',
    ),
    '2s',
  ),
  recheckEvery: z.prefault(
    duration(
      'With `revoked` in `sessions.end`: how often the API server is asked for the pod and the service account of open sessions.',
      '5s',
      '1d',
    ),
    '1m',
  ),
});
