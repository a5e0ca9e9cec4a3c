import jose from 'node-jose';

import { CURVES, run } from './maker.js';

await run(async (alg, claims) => {
  const store = jose.JWK.createKeyStore();
  const key = Object.hasOwn(CURVES, alg)
    ? await store.generate('EC', CURVES[alg])
    : await store.generate('RSA', 2048);
  const token = await jose.JWS.createSign({ format: 'compact', fields: { alg } }, key)
    .update(JSON.stringify(claims))
    .final();
  return { keys: JSON.stringify(store.toJSON()), token };
});
