import { createSigner } from 'fast-jwt';

import { generatePEM, run } from './maker.js';

await run((alg, claims) => {
  const { publicKey, privateKey } = generatePEM(alg);
  return { keys: publicKey, token: createSigner({ key: privateKey, algorithm: alg })(claims) };
});
