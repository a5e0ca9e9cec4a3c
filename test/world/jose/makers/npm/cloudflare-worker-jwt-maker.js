import jwt from '@tsndr/cloudflare-worker-jwt';

import { generateWebCrypto, run } from './maker.js';

await run(async (alg, claims) => {
  const { privateKey, keys } = await generateWebCrypto(alg);
  return { keys, token: await jwt.sign(claims, privateKey, alg) };
});
