// Web identity tokens of AWS STS (GetWebIdentityToken), for the IAM role that a workload has.
import type { Clock } from '../../../clock.ts';
import { quote } from '../../../quote.ts';
import { fault, readClientToken } from '../../token/client-token.ts';
import type { TokenSource } from '../../token/token-source.ts';
import { ask } from '../request.ts';
import { getAWSCredentials } from './aws-credentials.ts';
import { signRequest } from './sign-request.ts';
import { readSTSAnswer } from './sts-answer.ts';

/** What is asked for. */
export interface AWSSTSOptions {
  readonly audience: string;
  readonly algorithm: 'ES384' | 'RS256';
  /** How long it is to live, in seconds: 60 to 3600. */
  readonly duration: number;
}

/** What it needs of its surroundings. */
export interface AWSSTSEnvironment {
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly readFile: (path: string) => TokenSource;
}

/**
 * Creates a source of such tokens. Credentials are looked for each time, as they change.
 *
 * @param surroundings with `AWS_REGION` (or `AWS_DEFAULT_REGION`), and perhaps `AWS_ENDPOINT_URL_STS`.
 */
export function createAWSSTSSource(
  { audience, algorithm, duration }: AWSSTSOptions,
  { env, clock, readFile }: AWSSTSEnvironment,
): TokenSource {
  const name = 'aws-sts';
  const region = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'];
  const url = findEndpoint(region, env['AWS_ENDPOINT_URL_STS']);
  if (region === undefined || typeof url === 'string') {
    const reason = typeof url === 'string' ? url : 'there is no region';
    const hint = 'Set AWS_REGION: there are no such tokens at the global endpoint.';
    return { name, get: async () => fault(reason, hint) };
  }
  return {
    name,
    async get(signal) {
      const credentials = await getAWSCredentials({ env, endpoint: url, readFile }, signal);
      if ('ok' in credentials) {
        return credentials;
      }
      const form = new URLSearchParams({
        Action: 'GetWebIdentityToken',
        Version: '2011-06-15',
        'Audience.member.1': audience,
        SigningAlgorithm: algorithm,
        DurationSeconds: String(Math.round(duration)),
      });
      const headers = signRequest(
        { host: url.host, region, service: 'sts', body: form.toString(), now: clock() },
        credentials,
      );
      const answer = await ask({ url, headers, form }, signal);
      const values = readSTSAnswer(url.host, answer, ['WebIdentityToken']);
      if ('ok' in values) {
        return values;
      }
      const result = readClientToken(values[0] ?? '');
      if (!result.ok) {
        return result;
      }
      const { aud } = result.token.claims;
      return aud === audience || (Array.isArray(aud) && aud.includes(audience))
        ? result
        : fault(
            `${url.host}: the token is for audience ${quote(aud)}; expected ${quote(audience)}`,
          );
    },
  };
}

/** @returns what is wrong with the environment, otherwise. */
function findEndpoint(region: string | undefined, given: string | undefined): URL | string {
  if (region === undefined || !/^[a-z]{2}(?:-[a-z]+)+-\d{1,2}$/.test(region)) {
    return `AWS_REGION is ${region === undefined ? 'not set' : quote(region)}; expected a region, such as eu-central-1`;
  }
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const text = given || `https://sts.${region}.${domain}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe =
    url?.protocol === 'https:' ||
    (url?.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname));
  return url !== undefined && isSafe && url.pathname === '/' && url.search === ''
    ? url
    : `AWS_ENDPOINT_URL_STS is ${quote(text)}; expected an https URL without a path`;
}
