// Who a workload is to AWS: keys in its environment, a pod's token that is exchanged for keys (IRSA), or the agent of its container
// (ECS, EKS Pod Identity), in the order of AWS's own libraries.
import { parseJSONObject } from '../../../parse-json-object.ts';
import { quote } from '../../../quote.ts';
import { fault, type TokenFault } from '../../token/client-token.ts';
import type { TokenSource } from '../../token/token-source.ts';
import { ask, describeStatus } from '../request.ts';
import type { AWSCredentials } from './sign-request.ts';
import { readSTSAnswer } from './sts-answer.ts';

/** What they are found with. */
export interface CredentialsOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The STS of the region. */
  readonly endpoint: URL;
  /** Follows nothing: reads a file that has a token. */
  readonly readFile: (path: string) => TokenSource;
}

/** The agent of ECS. */
const ECS = 'http://169.254.170.2';
/** Where AWS's own libraries ask without TLS: this host, and the agents of ECS and EKS. */
const AGENTS = [
  '127.0.0.1',
  '[::1]',
  'localhost',
  '169.254.170.2',
  '169.254.170.23',
  '[fd00:ec2::23]',
];

/** Finds them. @returns why there are none, otherwise. Never rejects. */
export async function getAWSCredentials(
  { env, endpoint, readFile }: CredentialsOptions,
  signal: AbortSignal,
): Promise<AWSCredentials | TokenFault> {
  const {
    AWS_ACCESS_KEY_ID: accessKeyID,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
    AWS_WEB_IDENTITY_TOKEN_FILE: file,
    AWS_ROLE_ARN: role,
    AWS_ROLE_SESSION_NAME: session,
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: full,
  } = env;
  if (accessKeyID && secretAccessKey) {
    return { accessKeyID, secretAccessKey, sessionToken: sessionToken || undefined };
  }
  if (file && role) {
    const source = readFile(file);
    const theirs = await source.get(signal);
    return theirs.ok
      ? assumeRole(endpoint, role, session || 'pgtoken', theirs.token.text, signal)
      : fault(`${source.name}: ${theirs.reason}`, theirs.hint);
  }
  if (relative || full) {
    return askContainer(relative ? `${ECS}${relative}` : (full ?? ''), env, readFile, signal);
  }
  return fault(
    'the environment has no credentials of AWS: neither AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY, nor AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN, nor AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI',
    'Give the pod or the task an IAM role; for an instance of EC2 run the AWS CLI as a command.',
  );
}

async function assumeRole(
  url: URL,
  role: string,
  session: string,
  token: string,
  signal: AbortSignal,
): Promise<AWSCredentials | TokenFault> {
  const form = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: role,
    RoleSessionName: session,
    WebIdentityToken: token,
  });
  const answer = await ask({ url, headers: {}, form }, signal);
  const names = ['AccessKeyId', 'SecretAccessKey', 'SessionToken'];
  const values = readSTSAnswer(url.host, answer, names);
  if ('ok' in values) {
    return values;
  }
  const [accessKeyID = '', secretAccessKey = '', sessionToken] = values;
  return { accessKeyID, secretAccessKey, sessionToken };
}

async function askContainer(
  address: string,
  env: NodeJS.ProcessEnv,
  readFile: CredentialsOptions['readFile'],
  signal: AbortSignal,
): Promise<AWSCredentials | TokenFault> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !(url.protocol === 'https:' || isAgent(url))) {
    return fault(
      `AWS_CONTAINER_CREDENTIALS_FULL_URI is ${quote(address)}; expected https, or http to this host or to the agent of ECS or EKS`,
    );
  }
  let authorization = env['AWS_CONTAINER_AUTHORIZATION_TOKEN'];
  const file = env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
  if (file) {
    const source = readFile(file);
    const theirs = await source.get(signal);
    if (!theirs.ok) {
      return fault(`${source.name}: ${theirs.reason}`, theirs.hint);
    }
    authorization = theirs.token.text;
  }
  const headers = authorization ? { authorization } : {};
  const answer = await ask({ url, headers }, signal);
  if (!answer.ok || answer.status !== 200) {
    return fault(`${url.host}: ${answer.ok ? describeStatus(answer) : answer.reason}`);
  }
  const document = parseJSONObject(answer.body);
  if (typeof document === 'string') {
    return fault(`${url.host}: it answered with what is ${document}; expected a JSON object`);
  }
  const { AccessKeyId: id, SecretAccessKey: secret, Token: token } = document;
  return typeof id === 'string' && typeof secret === 'string' && typeof token === 'string'
    ? { accessKeyID: id, secretAccessKey: secret, sessionToken: token }
    : fault(`${url.host}: it answered without AccessKeyId, SecretAccessKey and Token`);
}

function isAgent({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && AGENTS.includes(hostname);
}
