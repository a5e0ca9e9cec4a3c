// Web identity tokens of AWS STS: the signature by AWS's own published examples, and the whole by a stand-in of STS that takes a
// request for no other than it is documented, and checks its signature from what arrived.
import { createHash, createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createAWSSTSSource } from '../../../../src/client/sources/aws/aws-sts.ts';
import { signRequest } from '../../../../src/client/sources/aws/sign-request.ts';
import { createFileSource } from '../../../../src/client/sources/file-source.ts';
import { systemClock } from '../../../../src/clock.ts';
import { type RunningServer, startServer } from '../../../support/listen.ts';
import { createTemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeToken } from '../../make-token.ts';
import { reasonOf } from '../../reason-of.ts';

describe('a signature of version 4', () => {
  // post-x-www-form-urlencoded of AWS's own test suite.
  const example = {
    host: 'example.amazonaws.com',
    region: 'us-east-1',
    service: 'service',
    body: 'Param1=value1',
    now: Date.parse('2015-08-30T12:36:00Z') / 1000,
  };
  const keys = {
    accessKeyID: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    sessionToken: undefined,
  };

  it('is that of the published example', () => {
    expect(signRequest(example, keys)).toEqual({
      'content-type': 'application/x-www-form-urlencoded',
      host: 'example.amazonaws.com',
      'x-amz-date': '20150830T123600Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    });
  });

  it('covers the session token', () => {
    const { authorization, ...headers } = signRequest(example, { ...keys, sessionToken: 'x' });
    expect(headers['x-amz-security-token']).toBe('x');
    expect(authorization).toContain(
      'SignedHeaders=content-type;host;x-amz-date;x-amz-security-token,',
    );
  });
});

const KEYS = {
  AccessKeyId: 'ASIAEXAMPLE',
  SecretAccessKey: 'a/secret+key=',
  Token: 'session/token+=',
};
const ROLE = 'arn:aws:iam::123456789012:role/app';
const POD_TOKEN = makeToken({ aud: 'sts.amazonaws.com' });
const never = new AbortController().signal;
let server: RunningServer;
let asked: string[];
/** What the stand-in answers in place of what it should. */
let instead: ((response: ServerResponse) => void) | undefined;

beforeAll(async () => {
  server = await startServer(
    createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        answer(request, response, body);
      });
    }),
  );
});
beforeEach(() => {
  asked = [];
  instead = undefined;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const refuse = (response: ServerResponse, status: number, code: string, message: string): void => {
  response
    .writeHead(status, { 'content-type': 'text/xml' })
    .end(
      `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`,
    );
};

function answer(request: IncomingMessage, response: ServerResponse, body: string): void {
  if (request.url?.startsWith('/credentials')) {
    asked.push(`agent ${request.headers.authorization ?? 'without'}`);
    response.end(JSON.stringify({ ...KEYS, Expiration: '2030-01-01T00:00:00Z' }));
    return;
  }
  const form = new URLSearchParams(body);
  const action = form.get('Action') ?? '';
  asked.push(action);
  const isForm =
    request.method === 'POST' &&
    request.url === '/' &&
    request.headers['content-type'] === 'application/x-www-form-urlencoded' &&
    form.get('Version') === '2011-06-15';
  if (!isForm) {
    refuse(response, 400, 'MalformedQueryString', 'no');
  } else if (action === 'AssumeRoleWithWebIdentity') {
    const isRight =
      form.get('RoleArn') === ROLE &&
      form.get('WebIdentityToken') === POD_TOKEN &&
      /^[\w+=,.@-]{2,64}$/.test(form.get('RoleSessionName') ?? '') &&
      request.headers.authorization === undefined &&
      form.size === 5;
    if (!isRight) {
      refuse(
        response,
        403,
        'AccessDenied',
        'Not authorized to perform sts:AssumeRoleWithWebIdentity',
      );
      return;
    }
    response.end(
      `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>${KEYS.AccessKeyId}</AccessKeyId><SecretAccessKey>${KEYS.SecretAccessKey}</SecretAccessKey><SessionToken>${KEYS.Token}</SessionToken></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    );
  } else if (!isSigned(request, body)) {
    refuse(
      response,
      403,
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match',
    );
  } else if (instead !== undefined) {
    instead(response);
  } else {
    const seconds = Number(form.get('DurationSeconds'));
    const isRight =
      action === 'GetWebIdentityToken' &&
      form.size === 5 &&
      ['ES384', 'RS256'].includes(form.get('SigningAlgorithm') ?? '') &&
      seconds >= 60 &&
      seconds <= 3600;
    if (!isRight) {
      refuse(response, 400, 'ValidationError', 'no');
      return;
    }
    const token = makeToken({ aud: form.get('Audience.member.1'), lives: seconds });
    response
      .setHeader('content-type', 'text/xml')
      .end(
        `<GetWebIdentityTokenResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetWebIdentityTokenResult><WebIdentityToken>${token}</WebIdentityToken><Expiration>2030-01-01T00:00:00Z</Expiration></GetWebIdentityTokenResult></GetWebIdentityTokenResponse>`,
      );
  }
}

/** As AWS describes it, from what arrived: the headers that it names must be those that have to be signed, and be fresh. */
function isSigned({ headers }: IncomingMessage, body: string): boolean {
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/sts\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    );
  const [, id, day = '', region = '', names = '', signature] = parts ?? [];
  const time = String(headers['x-amz-date']);
  const sent = Date.parse(
    time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  );
  const signed = names.split(';');
  if (
    id !== KEYS.AccessKeyId ||
    region !== 'eu-central-1' ||
    !time.startsWith(day) ||
    !(Math.abs(Date.now() - sent) < 300_000) ||
    headers['x-amz-security-token'] !== KEYS.Token ||
    !['content-type', 'host', 'x-amz-date', 'x-amz-security-token'].every((name) =>
      signed.includes(name),
    )
  ) {
    return false;
  }
  const hex = (text: string): string => createHash('sha256').update(text).digest('hex');
  const canonical = `POST\n/\n\n${signed.map((name) => `${name}:${String(headers[name]).trim()}\n`).join('')}\n${names}\n${hex(body)}`;
  const text = `AWS4-HMAC-SHA256\n${time}\n${day}/${region}/sts/aws4_request\n${hex(canonical)}`;
  let key: Buffer = Buffer.from(`AWS4${KEYS.SecretAccessKey}`);
  for (const part of [day, region, 'sts', 'aws4_request'])
    key = createHmac('sha256', key).update(part).digest();
  return createHmac('sha256', key).update(text).digest('hex') === signature;
}

const source = (env: Readonly<Record<string, string>>, audience = 'postgres') =>
  createAWSSTSSource(
    { audience, algorithm: 'ES384', duration: 300 },
    {
      env: {
        AWS_REGION: 'eu-central-1',
        AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${server.port}`,
        ...env,
      },
      clock: systemClock,
      readFile: (path) => createFileSource(path, { clock: systemClock }),
    },
  );
const STATIC = {
  AWS_ACCESS_KEY_ID: KEYS.AccessKeyId,
  AWS_SECRET_ACCESS_KEY: KEYS.SecretAccessKey,
  AWS_SESSION_TOKEN: KEYS.Token,
};

describe('a web identity token', () => {
  it('is asked for with the keys of the environment', async () => {
    const result = await source(STATIC).get(never);
    expect(result).toMatchObject({ ok: true, token: { claims: { aud: 'postgres', lives: 300 } } });
    expect(asked).toEqual(['GetWebIdentityToken']);
  });

  it('is asked for by the role of a service account (IRSA)', async () => {
    await using folder = await createTemporaryFolder('irsa');
    const file = join(folder.path, 'token');
    await writeFile(file, POD_TOKEN);
    const env = { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: ROLE };
    expect(await source(env).get(never)).toMatchObject({ ok: true });
    expect(asked).toEqual(['AssumeRoleWithWebIdentity', 'GetWebIdentityToken']);
    expect(reasonOf(await source({ ...env, AWS_ROLE_ARN: `${ROLE}2` }).get(never))).toBe(
      `127.0.0.1:${server.port}: it answered with status 403; expected 200: "AccessDenied" "Not authorized to perform sts:AssumeRoleWithWebIdentity"`,
    );
    expect(
      reasonOf(await source({ ...env, AWS_WEB_IDENTITY_TOKEN_FILE: '/none' }).get(never)),
    ).toBe('file /none: no such file');
  });

  it('is asked for by the agent of a container, with the token that it wants', async () => {
    await using folder = await createTemporaryFolder('agent');
    const file = join(folder.path, 'token');
    await writeFile(file, POD_TOKEN);
    const uri = `http://127.0.0.1:${server.port}/credentials`;
    const env = { AWS_CONTAINER_CREDENTIALS_FULL_URI: uri };
    expect(await source(env).get(never)).toMatchObject({ ok: true });
    expect(
      await source({ ...env, AWS_CONTAINER_AUTHORIZATION_TOKEN: 'plain' }).get(never),
    ).toMatchObject({ ok: true });
    expect(
      await source({ ...env, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file }).get(never),
    ).toMatchObject({ ok: true });
    expect(asked.filter((one) => one.startsWith('agent'))).toEqual([
      'agent without',
      'agent plain',
      `agent ${POD_TOKEN}`,
    ]);
  });

  it.each(['http://10.0.0.1/x', 'http://169.254.169.254/latest', 'ftp://x', 'nonsense'])(
    'is asked for by no agent %s, which would be told our token',
    async (uri) => {
      const env = {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: uri,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: 'x',
      };
      expect(reasonOf(await source(env).get(never))).toMatch(
        /^AWS_CONTAINER_CREDENTIALS_FULL_URI is .*; expected https, or http to this host or to the agent of ECS or EKS$/,
      );
    },
  );

  it('is none without credentials, without a region, or from a place without TLS', async () => {
    expect(reasonOf(await source({}).get(never))).toMatch(
      /^the environment has no credentials of AWS: neither /,
    );
    expect(reasonOf(await source({ ...STATIC, AWS_REGION: '' }).get(never))).toBe(
      'AWS_REGION is not set; expected a region, such as eu-central-1',
    );
    for (const region of ['eu-central-1.evil.example/', 'global', '../x']) {
      expect(reasonOf(await source({ ...STATIC, AWS_REGION: region }).get(never))).toMatch(
        /^AWS_REGION is ".*"; expected a region/,
      );
    }
    for (const url of ['http://sts.example.com', 'https://x/path', 'nonsense']) {
      expect(reasonOf(await source({ ...STATIC, AWS_ENDPOINT_URL_STS: url }).get(never))).toBe(
        `AWS_ENDPOINT_URL_STS is "${url}"; expected an https URL without a path`,
      );
    }
    expect(asked).toEqual([]);
  });

  it.each([
    ['wrong keys', { AWS_SECRET_ACCESS_KEY: 'other' }, /"SignatureDoesNotMatch"/],
    ['the wrong region', { AWS_REGION: 'us-east-1' }, /"SignatureDoesNotMatch"/],
    ['no session token', { AWS_SESSION_TOKEN: '' }, /"SignatureDoesNotMatch"/],
  ])('is none with %s', async (_what, env, reason) => {
    expect(reasonOf(await source({ ...STATIC, ...env }).get(never))).toMatch(reason);
  });

  it('says why STS gives none, without a token in it, and takes no other than it asked for', async () => {
    const at = `127.0.0.1:${server.port}`;
    instead = (response) => {
      refuse(response, 403, 'OutboundWebIdentityFederationDisabled', `off ${POD_TOKEN}`);
    };
    expect(await source(STATIC).get(never)).toEqual({
      ok: false,
      reason: `${at}: it answered with status 403; expected 200: "OutboundWebIdentityFederationDisabled" "off (a token)"`,
      hint: 'Run aws iam enable-outbound-web-identity-federation once for the account.',
    });
    instead = (response) => response.end('<html>');
    expect(reasonOf(await source(STATIC).get(never))).toBe(
      `${at}: it answered without WebIdentityToken`,
    );
    instead = (response) =>
      response.end(`<WebIdentityToken>${makeToken({ aud: 'other' })}</WebIdentityToken>`);
    expect(reasonOf(await source(STATIC).get(never))).toBe(
      `${at}: the token is for audience "other"; expected "postgres"`,
    );
    instead = (response) => response.end('<WebIdentityToken>nonsense</WebIdentityToken>');
    expect(reasonOf(await source(STATIC).get(never))).toContain('it is not a JWT');
    instead = (response) => response.writeHead(302, { location: 'http://evil.example' }).end();
    expect(reasonOf(await source(STATIC).get(never))).toContain('redirects are not followed');
  });
});
