// The token in what a token endpoint of Microsoft answers (RFC 6749 section 5).
import { hideTokens } from '../../hide-tokens.ts';
import { parseJSONObject } from '../../parse-json-object.ts';
import { quote } from '../../quote.ts';
import { fault, readClientToken, type TokenResult } from '../token/client-token.ts';
import { type Answer, describeStatus } from './request.ts';

/** Reads it, or says what the endpoint says. @param endpoint what it is called. */
export function readAccessTokenAnswer(endpoint: string, answer: Answer): TokenResult {
  if (!answer.ok) {
    return fault(`${endpoint}: ${answer.reason}`);
  }
  const document = parseJSONObject(answer.body);
  if (answer.status !== 200) {
    const said = typeof document === 'string' ? undefined : describeError(document);
    return fault(`${endpoint}: ${describeStatus(answer)}${said === undefined ? '' : `: ${said}`}`);
  }
  if (typeof document === 'string') {
    return fault(`${endpoint}: it answered with what is ${document}; expected a JSON object`);
  }
  const { access_token: token } = document;
  return typeof token === 'string'
    ? readClientToken(token)
    : fault(`${endpoint}: it answered without access_token`);
}

/** `error` and `error_description`, which should hold no credential. */
function describeError(document: Readonly<Record<string, unknown>>): string | undefined {
  const { error, error_description: description } = document;
  return typeof error === 'string'
    ? hideTokens(
        `${quote(error)}${typeof description === 'string' ? ` ${quote(description)}` : ''}`,
      )
    : undefined;
}
