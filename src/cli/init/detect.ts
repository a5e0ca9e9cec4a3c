// What can be known of an issuer before anybody is asked: from its URL, a token, or kubectl.
import { createReadStream } from 'node:fs';
import { describeFileError } from '../../describe-file-error.ts';
import { isRefusal } from '../../errors.ts';
import { hideTokens } from '../../hide-tokens.ts';
import { askKubectl, type Cluster } from '../../init/detect/ask-kubectl.ts';
import { inspectIssuer, toIssuerURL } from '../../init/detect/inspect-issuer.ts';
import { readTokenFacts, type TokenFacts } from '../../init/detect/read-token-facts.ts';
import { isInitProblem, type InitProblem } from '../../init/init-problem.ts';
import { type Kind, type Parameter } from '../../init/kind.ts';
import { findKind, recogniseKinds } from '../../init/kinds.ts';
import { KUBERNETES_KINDS } from '../../init/kinds/kubernetes.ts';
import { readGivenFile } from '../../init/plan/plan-files.ts';
import { isJSONObject } from '../../parse-json-object.ts';
import { checkAuthority, checkURL } from '../../init/detect/check-given.ts';
import { quote } from '../../quote.ts';
import { formatDuration } from '../../values/units.ts';
import { readToken } from '../read-token.ts';
import type { InitOptions } from './init-options.ts';

/** What was found. */
export interface Detected {
  /** The issuer, as far as it is known. */
  readonly url: string | undefined;
  readonly kinds: readonly Kind[];
  /** Answers by the names of parameters, which a kind may have or not. */
  readonly answers: ReadonlyMap<string, string>;
  /** Texts of files, by the names of parameters. */
  readonly texts: ReadonlyMap<string, string>;
  readonly certificateAuthority: string | undefined;
  readonly token: TokenFacts | undefined;
  /** A line each, for whoever runs this. */
  readonly told: readonly string[];
}

/** @param pasted a token that was pasted. */
export async function detect(
  options: Pick<InitOptions, 'url' | 'tokenFile' | 'kubectl' | 'certificateAuthority' | 'offline'>,
  pasted: string | undefined,
): Promise<Detected | InitProblem> {
  const authority =
    options.certificateAuthority === undefined
      ? undefined
      : readGivenFile('--certificate-authority', options.certificateAuthority);
  if (typeof authority === 'object') {
    return authority;
  }
  const unusable =
    checkURL(options.url) ??
    (authority === undefined || options.certificateAuthority === undefined
      ? undefined
      : checkAuthority(options.certificateAuthority, authority));
  if (unusable !== undefined) {
    return unusable;
  }
  const token = await detectToken(options.tokenFile, pasted);
  if (token !== undefined && 'problem' in token) {
    return token;
  }
  const cluster =
    options.kubectl === undefined
      ? undefined
      : await askKubectl(options.kubectl === true ? undefined : options.kubectl);
  if (cluster !== undefined && 'problem' in cluster) {
    return cluster;
  }
  const url = toIssuerURL(options.url ?? cluster?.issuer ?? token?.issuer ?? '');
  const clash = findClash(url, token, cluster);
  if (clash !== undefined) {
    return clash;
  }
  const wrong = url === '' ? undefined : checkURL(url);
  if (wrong !== undefined) {
    return wrong;
  }
  const found = await findKinds({ url, token, cluster }, authority, options.offline);
  return 'problem' in found
    ? found
    : {
        url: url === '' ? undefined : url,
        kinds: found.kinds,
        answers: answersOf(url, token, cluster),
        texts: textsOf(cluster),
        certificateAuthority: authority,
        token,
        told: [
          ...(token === undefined ? [] : [describeToken(token)]),
          ...(cluster === undefined
            ? []
            : [`kubectl: context ${quote(cluster.context)}, issuer ${quote(cluster.issuer)}`]),
          ...found.told,
        ],
      };
}

async function detectToken(
  file: string | undefined,
  pasted: string | undefined,
): Promise<TokenFacts | InitProblem | undefined> {
  if (pasted !== undefined) {
    return readTokenFacts(pasted);
  }
  if (file === undefined) {
    return undefined;
  }
  try {
    const password = await readToken(file === '-' ? process.stdin : createReadStream(file));
    return isRefusal(password)
      ? {
          problem: `--token-file ${hideTokens(file)} has no token`,
          hint: 'Give a file with one token, and nothing else.',
        }
      : readTokenFacts(password);
  } catch (error) {
    return {
      problem: `--token-file ${hideTokens(file)} cannot be read: ${describeFileError(error)}`,
      hint: 'Name a file with a token, or - for standard input.',
    };
  }
}

/** All that name an issuer must name the same. */
function findClash(
  url: string,
  token: TokenFacts | undefined,
  cluster: Cluster | undefined,
): InitProblem | undefined {
  const others = [
    ['the token has iss', token?.issuer],
    ['the cluster of kubectl has issuer', cluster?.issuer],
  ] as const;
  const [other] = others.filter(([, issuer]) => issuer !== undefined && issuer !== url);
  return other === undefined
    ? undefined
    : {
        problem: `${other[0]} ${quote(other[1])}, and the issuer is given as ${quote(url)}`,
        hint: 'Both must be the same byte for byte, a slash at the end too; leave --url out, or give what belongs to it.',
      };
}

interface Found {
  readonly kinds: readonly Kind[];
  readonly told: readonly string[];
}

/** What is known before an issuer is asked. */
interface Known {
  readonly url: string;
  readonly token: TokenFacts | undefined;
  readonly cluster: Cluster | undefined;
}

async function findKinds(
  { url, token, cluster }: Known,
  authority: string | undefined,
  offline: boolean,
): Promise<Found | InitProblem> {
  // Only a cluster writes that, whatever its URL looks like.
  const isToken = isJSONObject(token?.claims['kubernetes.io']);
  const known = recogniseKinds(url).filter((kind) => !isToken || KUBERNETES_KINDS.includes(kind));
  if (url === '' || known.length > 0) {
    return { kinds: known, told: [] };
  }
  // It may be a cluster whose issuer has a name of its own.
  const open = findKind('kubernetes');
  const pinned = findKind('kubernetes-default-issuer');
  const inspected = offline ? undefined : await inspectIssuer(url, authority);
  if (inspected !== undefined && !isInitProblem(inspected)) {
    const isCluster =
      isToken || cluster !== undefined || inspected.jwksURI.endsWith('/openid/v1/jwks');
    return {
      kinds: isCluster && open !== undefined ? [open] : [],
      told: [`discovery: the keys of ${url} are at ${inspected.jwksURI}`],
    };
  }
  if (cluster !== undefined && pinned !== undefined) {
    return {
      kinds: [pinned],
      told: ['discovery: not open to this host; the keys that kubectl has seen are pinned'],
    };
  }
  return inspected ?? { kinds: isToken && open !== undefined ? [open] : [], told: [] };
}

function answersOf(
  url: string,
  token: TokenFacts | undefined,
  cluster: Cluster | undefined,
): ReadonlyMap<string, string> {
  const answers = new Map<string, string>();
  const [audience, ...more] = token?.audiences ?? [];
  const namespace = /^system:serviceaccount:([^:,]+):/.exec(token?.subject ?? '')?.[1];
  if (url !== '') {
    answers.set('url', url);
  }
  if (audience !== undefined && more.length === 0) {
    answers.set('audience', audience);
  }
  if (namespace !== undefined) {
    answers.set('namespaces', namespace);
  }
  if (cluster !== undefined) {
    answers.set('api-server', cluster.apiServer);
    for (const name of textsOf(cluster).keys()) {
      answers.set(name, 'as kubectl has it');
    }
  }
  return answers;
}

function textsOf(cluster: Cluster | undefined): ReadonlyMap<Parameter['name'], string> {
  const { jwks, certificateAuthority } = cluster ?? {};
  return new Map([
    ...(jwks === undefined ? [] : [['jwks', jwks] as const]),
    ...(certificateAuthority === undefined
      ? []
      : [['certificate-authority', certificateAuthority] as const]),
  ]);
}

function describeToken({ issuer, audiences, subject, lifetime }: TokenFacts): string {
  const lives = lifetime === undefined ? '' : `, lives ${formatDuration(lifetime)}`;
  return `token: iss ${quote(issuer)}, aud ${audiences.map(quote).join(' ') || 'none'}, sub ${quote(subject)}${lives}; not verified`;
}
