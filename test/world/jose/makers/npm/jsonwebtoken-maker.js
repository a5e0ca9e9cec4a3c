import jsonwebtoken from 'jsonwebtoken';

import { generatePEM, run } from './maker.js';

await run((alg, claims) => {
  const { publicKey, privateKey } = generatePEM(alg);
  return { keys: publicKey, token: jsonwebtoken.sign(claims, privateKey, { algorithm: alg }) };
});
