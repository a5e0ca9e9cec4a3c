// What a program that gets tokens prints: the token alone, or an ExecCredential as kubectl and client-go take it, so that the
// programs which are made for them do here as they are.
import { isJSONObject, parseJSONObject } from '../../parse-json-object.ts';
import { quoteOrNone } from '../../quote.ts';
import { fault, readClientToken, type TokenResult } from '../token/client-token.ts';

const GROUP = 'client.authentication.k8s.io';

/** What such a program expects in its environment. */
export const EXEC_INFO: Readonly<Record<string, string>> = {
  KUBERNETES_EXEC_INFO: JSON.stringify({
    apiVersion: `${GROUP}/v1`,
    kind: 'ExecCredential',
    spec: { interactive: false },
  }),
};

/** Finds the token. @param output one character for each byte. */
export function readExecOutput(output: string): TokenResult {
  if (!output.trimStart().startsWith('{')) {
    return readClientToken(output);
  }
  const document = parseJSONObject(Buffer.from(output.trim(), 'latin1'));
  if (typeof document === 'string') {
    return fault(`it printed JSON that cannot be read: ${document}`);
  }
  const { apiVersion, kind, status } = document;
  if (
    kind !== 'ExecCredential' ||
    typeof apiVersion !== 'string' ||
    !/^client\.authentication\.k8s\.io\/v1(?:beta1)?$/.test(apiVersion)
  ) {
    return fault(
      `it printed JSON of kind ${quoteOrNone(kind)}, apiVersion ${quoteOrNone(apiVersion)}; expected a token alone, or an ExecCredential of ${GROUP}/v1`,
      'Have it print the token alone, for example through jq -r .access_token in a script.',
    );
  }
  const token = isJSONObject(status) ? status['token'] : undefined;
  return typeof token === 'string'
    ? readClientToken(token)
    : fault(
        'it printed an ExecCredential without status.token',
        'A client certificate in its place is of no use as a password.',
      );
}
