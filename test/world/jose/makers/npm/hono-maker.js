import { sign } from 'hono/jwt';

import { generateWebCrypto, run } from './maker.js';

await run(async (alg, claims) => {
  const { privateKey, keys } = await generateWebCrypto(alg);
  return { keys, token: await sign(claims, privateKey, alg) };
});
