// What `issuer.url` must be. It is the iss of the tokens first of all, and those are a StringOrURI (RFC 7519 section 4.1.1). Only
// where keys are looked for below it, is it an address as well.
import { isJSONObject, type JSONObject } from '../../parse-json-object.ts';
import { quote } from '../../quote.ts';
import { has } from './cross-checks.ts';
import type { ReportProblem } from '../problems.ts';
import { isPlainHttpsURL, PLAIN_HTTPS_URL } from '../../values/values.ts';

/** Checks an entry as it was written. What is no text, or empty, is left to the schema. */
export function checkIssuerURL(entry: JSONObject, report: ReportProblem): void {
  const { issuer } = entry;
  const url = isJSONObject(issuer) ? issuer['url'] : undefined;
  if (!isJSONObject(issuer) || typeof url !== 'string' || url === '') {
    return;
  }
  const isAddress = !has(entry, 'keys') && !has(issuer, 'discoveryURL');
  if (isAddress ? isPlainHttpsURL(url) : isStringOrURI(url)) {
    return;
  }
  // One that has a user may have a password, which is not shown.
  const seen = url.includes('@') ? 'it has a user;' : `${quote(url)}:`;
  if (isAddress) {
    report(['issuer', 'url'], `Invalid value: ${seen} ${PLAIN_HTTPS_URL}`, ADDRESS_HINT);
  } else {
    report(['issuer', 'url'], `Invalid value: ${seen} ${STRING_OR_URI}`);
  }
}

const ADDRESS_HINT =
  'The keys are looked for below it. Where the iss of the tokens is no such URL, say where the keys are (keys), and it is only compared.';

const STRING_OR_URI = 'must be text without ":", or a URI (StringOrURI of RFC 7519)';

/** Text without a colon, or a URI: a scheme, and behind it the characters and escapes of RFC 3986. */
function isStringOrURI(text: string): boolean {
  return (
    !text.includes(':') ||
    /^[a-z][a-z0-9+.-]*:(?:[\w.~:/?#[\]@!$&'()*+,;=-]|%[0-9a-f]{2})*$/i.test(text) ||
    // Addresses may have more than RFC 3986 knows, such as letters of other scripts.
    isPlainHttpsURL(text)
  );
}
