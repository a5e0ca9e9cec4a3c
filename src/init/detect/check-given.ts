// What was given by options and can be seen to be wrong before anybody is asked.
import { checkCertificates } from '../../certificates/check-certificates.ts';
import { quote } from '../../quote.ts';
import { URL_FORM } from '../forms.ts';
import type { InitProblem } from '../init-problem.ts';

/** @returns what is wrong with the URL of an issuer. */
export function checkURL(url: string | undefined): InitProblem | undefined {
  return url === undefined || URL_FORM.pattern.test(url)
    ? undefined
    : {
        problem: `url is ${quote(url)}; expected ${URL_FORM.expected}`,
        hint: 'Write --url VALUE.',
      };
}

/** @param pem what is in the file. @returns what is wrong with it. */
export function checkAuthority(path: string, pem: string): InitProblem | undefined {
  const [fault] = checkCertificates(pem);
  return fault === undefined
    ? undefined
    : {
        problem: `--certificate-authority ${path} cannot be used: ${fault}`,
        hint: "Give the certificate of the authority that signed that of the issuer's server, in PEM (-----BEGIN CERTIFICATE-----).",
      };
}
