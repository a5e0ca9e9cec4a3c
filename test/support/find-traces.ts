// Looks for secrets in what programs wrote: any 16 characters in a row of a token, as it is or in another common way of writing
// the same bytes. 16 characters are 12 bytes of a claim or a signature: more than chance, less than anything worth having.

const PIECE = 16;

/** Whether any piece of a secret stands in a text. @returns a few characters around each place, none when there is none. */
export function findTraces(text: string, secrets: readonly string[]): readonly string[] {
  const pieces = new Set(secrets.flatMap(formsOf).flatMap(piecesOf));
  const found: string[] = [];
  for (let at = 0; at + PIECE <= text.length; at += 1) {
    if (pieces.has(text.slice(at, at + PIECE))) {
      found.push(text.slice(Math.max(0, at - 60), at + 60));
      at += 100;
    }
  }
  return found;
}

/** The ways in which a careless program might write a secret. */
function formsOf(secret: string): readonly string[] {
  if (secret.length < PIECE)
    throw new Error(`a secret of ${secret.length} characters is too short to look for`);
  const bytes = Buffer.from(secret);
  // Not of other parts: what they say may well be logged.
  const signature = Buffer.from(secret.split('.')[2] ?? '', 'base64url');
  return [
    secret,
    secret.replaceAll('-', '+').replaceAll('_', '/'),
    // In the middle of something longer that is encoded, it begins at any of three places.
    ...[0, 1, 2].map((offset) => bytes.subarray(offset).toString('base64')),
    bytes.toString('hex'),
    JSON.stringify([...bytes]),
    signature.toString('hex'),
    signature.toString('latin1'),
    signature.toString('utf8'),
  ];
}

function piecesOf(text: string): readonly string[] {
  return Array.from({ length: Math.max(0, text.length - PIECE + 1) }, (_, at) =>
    text.slice(at, at + PIECE),
  );
}
