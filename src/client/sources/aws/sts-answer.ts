// What AWS STS answers: XML with elements that are known, whose values hold no markup.
import { hideTokens } from '../../../hide-tokens.ts';
import { quote } from '../../../quote.ts';
import { fault, type TokenFault } from '../../token/client-token.ts';
import { type Answer, describeStatus } from '../request.ts';

/** The values of elements, in the order of their names; or why there are none. */
export function readSTSAnswer(
  host: string,
  answer: Answer,
  names: readonly string[],
): readonly string[] | TokenFault {
  if (!answer.ok) {
    return fault(`${host}: ${answer.reason}`);
  }
  const text = answer.body.toString('latin1');
  if (answer.status !== 200) {
    const code = elementOf(text, 'Code');
    const said = [code, elementOf(text, 'Message')]
      .filter((one) => one !== undefined)
      .map((one) => quote(hideTokens(one)));
    return fault(
      [`${host}: ${describeStatus(answer)}`, said.join(' ')].filter((one) => one !== '').join(': '),
      code === undefined ? undefined : HINTS[code],
    );
  }
  const values: string[] = [];
  for (const name of names) {
    const value = elementOf(text, name);
    if (value === undefined) {
      return fault(`${host}: it answered without ${name}`);
    }
    values.push(value);
  }
  return values;
}

const HINTS: Readonly<Record<string, string>> = {
  AccessDenied: 'Permit sts:GetWebIdentityToken to the role that this runs as.',
  OutboundWebIdentityFederationDisabled:
    'Run aws iam enable-outbound-web-identity-federation once for the account.',
  SignatureDoesNotMatch: 'Check AWS_SECRET_ACCESS_KEY, and the clock of this host.',
};

/** Of the first one; undefined for one that is empty or has markup in it. */
function elementOf(text: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]+)</${name}>`).exec(text)?.[1];
}
