// AWS Signature Version 4, for the one form of request that is made here: a form by POST to the root of a service. Each library for it
// signs every other form as well, and the smallest is several times as long.
import { createHash, createHmac } from 'node:crypto';

/** What AWS knows a caller by. */
export interface AWSCredentials {
  readonly accessKeyID: string;
  readonly secretAccessKey: string;
  /** Of temporary ones. */
  readonly sessionToken: string | undefined;
}

/** A form that is to be signed. */
export interface FormRequest {
  /** As it is in the request, with the port where there is one. */
  readonly host: string;
  readonly region: string;
  readonly service: string;
  readonly body: string;
  /** Unix time in seconds. */
  readonly now: number;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** @returns the headers to send with it. The form is `application/x-www-form-urlencoded`, by POST to `/`. */
export function signRequest(
  { host, region, service, body, now }: FormRequest,
  { accessKeyID, secretAccessKey, sessionToken }: AWSCredentials,
): Readonly<Record<string, string>> {
  const time = new Date(now * 1000).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const headers: Readonly<Record<string, string>> = {
    'content-type': 'application/x-www-form-urlencoded',
    host,
    'x-amz-date': time,
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const names = Object.keys(headers).toSorted();
  const signed = names.join(';');
  const lines = names.map((name) => `${name}:${headers[name] ?? ''}\n`).join('');
  const request = ['POST', '/', '', lines, signed, hash(body)].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = [ALGORITHM, time, scope, hash(request)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (last, part) => createHmac('sha256', last).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  return {
    ...headers,
    authorization: `${ALGORITHM} Credential=${accessKeyID}/${scope}, SignedHeaders=${signed}, Signature=${signature}`,
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
