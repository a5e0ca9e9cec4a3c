// What is wrong with an issuer.url that was meant for the tokens of an issuer, and is not quite their iss. Advice alone: nothing
// near is ever accepted.
import { findPlaceholder } from '../config/checks/find-placeholder.ts';
import { quote } from '../quote.ts';

/** The difference in a few words that follow the name of an issuer, and what to do about it. */
export interface NearIssuer {
  readonly difference: string;
  readonly hint: string;
}

/**
 * Compares the URL of an entry with the iss of a token.
 *
 * Takes time linear in the longer one at most, as `iss` is anybody's.
 *
 * @returns undefined where they are too different to be told from each other by anything but chance.
 */
export function describeNearIssuer(
  { name, url }: { readonly name: string; readonly url: string },
  iss: string,
): NearIssuer | undefined {
  const ending = WELL_KNOWN.exec(url)?.[0];
  if (ending !== undefined && trimSlash(url.slice(0, -ending.length)) === trimSlash(iss)) {
    return {
      difference: `issuer.url of entry ${name} is that with ${quote(ending)} behind it`,
      hint: `Take ${quote(ending)} off issuer.url: it is where the keys are found, and not part of the iss.`,
    };
  }
  const differs = `it differs from ${quote(url)} of entry ${name} only`;
  if (areNear(url, iss, 1, (one) => trimSlash(one.toLowerCase()))) {
    return { difference: `${differs} in case or a trailing slash`, hint: EXACTLY };
  }
  if (areNear(url, iss, 'https://'.length + 1, (one) => trimSlash(one.replace(SCHEME, '')))) {
    return { difference: `${differs} in http:// or https://`, hint: EXACTLY };
  }
  const placeholder = findPlaceholder(url);
  return placeholder !== undefined && fitsAround(placeholder, url, iss)
    ? {
        difference: `${differs} in what stands for ${quote(placeholder)}`,
        hint: `Write your own value in place of ${quote(placeholder)} in issuer.url.`,
      }
    : undefined;
}

const EXACTLY = 'Write issuer.url exactly as the iss of the tokens.';
const WELL_KNOWN = /\/\.well-known\/.*$/s;
const SCHEME = /^https?:\/\//;

function trimSlash(url: string): string {
  return url.replace(/\/$/, '');
}

function areNear(a: string, b: string, most: number, normalize: (text: string) => string): boolean {
  return Math.abs(a.length - b.length) <= most && normalize(a) === normalize(b);
}

/** Whether a text is what another is, with one step of a path in place of the placeholder. */
function fitsAround(placeholder: string, url: string, iss: string): boolean {
  const at = url.indexOf(placeholder);
  const head = url.slice(0, at);
  const tail = url.slice(at + placeholder.length);
  const value = iss.slice(head.length, iss.length - tail.length);
  return iss.startsWith(head) && iss.endsWith(tail) && value !== '' && !value.includes('/');
}
