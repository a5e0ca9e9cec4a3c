// The forms of what is filled into an example: what is accepted, and what is said of anything else. Not the last word, which is
// that of `config check`; but nothing that would reach beyond its place in the text gets past them.

/** A form of values. */
export interface Form {
  readonly pattern: RegExp;
  /** What is expected, with an example. */
  readonly expected: string;
}

/** Whether there is something in a text that a terminal does not show as it is, or that ends a line. */
export function hasControls(text: string): boolean {
  return /[\p{C}\p{Zl}\p{Zp}]/u.test(text);
}

/** An issuer's URL, byte for byte. */
export const URL_FORM: Form = {
  pattern: /^https:\/\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:\/[\x21\x23-\x26\x28-\x5b\x5d-\x7e]*)?$/,
  expected: 'an https:// URL such as https://issuer.example.com',
};

/** An audience, a name of a group and the like: printable, no quotes that YAML or a shell would see. */
export const TEXT_FORM: Form = {
  pattern: /^[^\s"'\\\p{C}](?:[^"'\\\p{C}\p{Zl}\p{Zp}]{0,253}[^\s"'\\\p{C}])?$/u,
  expected: 'a text without quotes, backslashes and control characters',
};

/** A DNS label. */
export const LABEL_FORM: Form = {
  pattern: /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
  expected: 'lower-case letters, digits and hyphens, such as shop',
};

/** A DNS name. */
export const DOMAIN_FORM: Form = {
  pattern: /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/,
  expected: 'a domain such as example.com',
};

/** Where an API server is. */
export const ADDRESS_FORM: Form = {
  pattern: /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$/,
  expected: 'an address with its port, such as 10.0.0.10:6443',
};

/** Addresses of clients. */
export const NETWORK_FORM: Form = {
  pattern: /^[0-9A-Fa-f:.]+\/[0-9]{1,3}$/,
  expected: 'a network such as 10.1.0.0/16',
};

/** An ID that is a number. */
export const NUMBER_FORM: Form = {
  pattern: /^[0-9]{1,30}$/,
  expected: 'a number',
};

/** A UUID. */
export const UUID_FORM: Form = {
  pattern: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  expected: 'a UUID in lower case, such as 6ba7b810-9dad-11d1-80b4-00c04fd430c8',
};

/** One word, of a closed set that config check knows. */
export const WORD_FORM: Form = {
  pattern: /^[A-Za-z0-9](?:[A-Za-z0-9._:-]{0,98}[A-Za-z0-9:])?$/,
  expected: 'one word of letters, digits, points, hyphens and underscores',
};

/** An ARN of AWS. */
export const ARN_FORM: Form = {
  pattern: /^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:[\w+=,.@/:-]{1,300}$/,
  expected: 'an ARN such as arn:aws:iam::123456789012:role/shop-cart',
};

/** A SPIFFE ID. */
export const SPIFFE_FORM: Form = {
  pattern: /^spiffe:\/\/[a-z0-9._-]+(?:\/[A-Za-z0-9._-]+)+$/,
  expected: 'a SPIFFE ID such as spiffe://example.org/billing',
};

/** A database role. */
export const ROLE_FORM: Form = {
  pattern: /^[^\s"'\\,{}[\]\p{C}]{1,63}$/u,
  expected: 'roles without spaces, quotes and brackets, at most 63 characters each',
};
