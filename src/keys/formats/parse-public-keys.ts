// From a PEM file to the public keys in it: public keys (SPKI, PKCS #1) and the keys of certificates. Of a certificate
// only the key is used; who signed it and until when it is valid does not matter for a key that somebody pinned.
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { IS_PRIVATE } from './parse-key.ts';
import { type ParsedKeySet, parseKeySet } from './parse-key-set.ts';

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,64})-----([^-]*)-----END \1-----/g;

/**
 * Reads the public keys of a PEM file.
 *
 * @returns the keys, none of which has a `kid`, and what was left out, or the reason why it is no such file.
 */
export function parsePublicKeys(pem: string): ParsedKeySet | string {
  const blocks = [...pem.matchAll(BLOCK)];
  const begun = pem.match(/-----BEGIN /g) ?? [];
  if (blocks.length === 0 || begun.length !== blocks.length) {
    return begun.length === 0
      ? 'it has no PEM block; expected -----BEGIN PUBLIC KEY-----'
      : 'it has a PEM block that is not whole';
  }
  const members = blocks.map(([block, label = '']) => readBlock(block, label));
  const parsed = parseKeySet({
    keys: members.map((member) => (typeof member === 'string' ? {} : member)),
  });
  return typeof parsed === 'string'
    ? parsed
    : {
        keySet: { keys: parsed.keySet.keys },
        rejected: parsed.rejected.map(({ index, reason }) => {
          const member = members[index];
          return { index, reason: typeof member === 'string' ? member : reason };
        }),
      };
}

/** @returns the key as a JWK, or what the block is instead. */
function readBlock(block: string, label: string): object | string {
  if (label.endsWith('PRIVATE KEY')) {
    return IS_PRIVATE;
  }
  if (!['PUBLIC KEY', 'RSA PUBLIC KEY', 'CERTIFICATE'].includes(label)) {
    return `is a PEM block ${JSON.stringify(label)}; expected PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE`;
  }
  let key: KeyObject;
  try {
    key = label === 'CERTIFICATE' ? new X509Certificate(block).publicKey : createPublicKey(block);
  } catch {
    return `is a ${label} that cannot be read`;
  }
  try {
    return key.export({ format: 'jwk' });
  } catch {
    return `is a key of kind ${key.asymmetricKeyType ?? 'unknown'}; expected RSA, EC, Ed25519 or ML-DSA`;
  }
}
