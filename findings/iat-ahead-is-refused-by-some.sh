#!/bin/bash
# Surprise: a token whose iat is 30 s ahead, as that of an issuer with a fast clock, is refused by some libraries and accepted by
#   others, of one language as well, all with their defaults. One would expect that they agree, and accept it: RFC 7519 section
#   4.1.6 gives iat for the age of a token, and nbf for its start, which this one does not have.
# Version: PyJWT 2.15.1, joserfc 1.8.0 and Hono 4.13.19 refuse it, as do Authlib 1.9.10 and jwx 3.4.0; JWCrypto 1.6.1, python-jose 3.5.0,
#   jose 6.2.18 and jsonwebtoken 9.0.3 accept it, as do fast-jwt 6.3.6, golang-jwt 5.3.1, Nimbus JOSE + JWT 10.10, jose4j 0.9.6 and JJWT
#   0.13.0. go-jose 4.1.9 has a leeway of a minute for iat.
# Behaviour: a token is refused for as long as the clocks differ, that is when it is new, and accepted when tried again later.
#   Allow for it: leeway= of PyJWT and of joserfc's claims registry, iat: false of Hono.
# Output, seen on 2026-11-29:
#   PyJWT: ImmatureSignatureError: The token is not yet valid (iat)
#   joserfc: InvalidClaimError: invalid_claim: The token was issued in the future
#   JWCrypto: accepted
#   python-jose: accepted
#   Hono: JwtTokenIssuedAt
#   jose: accepted
#   jsonwebtoken: accepted
#   PyJWT, joserfc, a leeway of 60 s: accepted, accepted
#   Hono, iat: false: accepted
. "$(dirname "$0")/lib/bench.sh"

needs npm node
pypi PyJWT==2.15.1 joserfc==1.8.0 jwcrypto==1.6.1 python-jose==3.5.0 cryptography==50.0.2 cffi==2.1.1 pycparser==3.12 \
  typing-extensions==4.16.0 ecdsa==0.19.2 rsa==4.9.1 pyasn1==0.6.5 six==1.17.0
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$work" hono@4.13.19 jose@6.2.18 jsonwebtoken@9.0.3 ||
  cannot 'no hono@4.13.19, jose@6.2.18 and jsonwebtoken@9.0.3 from npm'
cd "$work"

cat >verify.py <<'PYTHON'
import json
import secrets
import time
from base64 import urlsafe_b64encode
import jwt
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import OctKey
from jose import jwt as jose_jwt
from jwcrypto.jwk import JWK
from jwcrypto.jwt import JWT

secret = secrets.token_hex(32)
now = int(time.time())
token = jwt.encode({"sub": "app", "iat": now + 30, "exp": now + 600}, secret, "HS256")
with open("token", "w") as file:
    json.dump({"token": token, "secret": secret}, file)

def joserfc(leeway):
    claims = joserfc_jwt.decode(token, OctKey.import_key(secret), ["HS256"]).claims
    joserfc_jwt.JWTClaimsRegistry(leeway=leeway).validate(claims)

def jwcrypto():
    key = JWK(kty="oct", k=urlsafe_b64encode(secret.encode()).rstrip(b"=").decode())
    JWT(jwt=token, key=key, algs=["HS256"])

for verify in (
    lambda: jwt.decode(token, secret, ["HS256"]),
    lambda: joserfc(0),
    jwcrypto,
    lambda: jose_jwt.decode(token, secret, ["HS256"]),
    lambda: jwt.decode(token, secret, ["HS256"], leeway=60),
    lambda: joserfc(60),
):
    try:
        verify()
        print("accepted")
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
PYTHON
cat >verify.mjs <<'JAVASCRIPT'
import { readFileSync } from 'node:fs';
import { verify } from 'hono/jwt';
import { jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';

const { token, secret } = JSON.parse(readFileSync('token', 'utf8'));
for (const check of [
  () => verify(token, secret, 'HS256'),
  () => jwtVerify(token, new TextEncoder().encode(secret)),
  () => jsonwebtoken.verify(token, secret),
  () => verify(token, secret, { alg: 'HS256', iat: false }),
]) {
  try {
    await check();
    console.log('accepted');
  } catch (error) {
    console.log(error.name);
  }
}
JAVASCRIPT
PYTHONPATH=$work/pypi python3 -W ignore verify.py >python.seen 2>python.log || cannot "$(tail -n 1 python.log)"
node verify.mjs >node.seen 2>node.log || cannot "$(tail -n 1 node.log)"

same 'PyJWT' 'ImmatureSignatureError: The token is not yet valid (iat)' "$(sed -n 1p python.seen)"
same 'joserfc' 'InvalidClaimError: invalid_claim: The token was issued in the future' "$(sed -n 2p python.seen)"
same 'JWCrypto' accepted "$(sed -n 3p python.seen)"
same 'python-jose' accepted "$(sed -n 4p python.seen)"
same 'Hono' JwtTokenIssuedAt "$(sed -n 1p node.seen)"
same 'jose' accepted "$(sed -n 2p node.seen)"
same 'jsonwebtoken' accepted "$(sed -n 3p node.seen)"
same 'PyJWT, joserfc, a leeway of 60 s' 'accepted, accepted' "$(sed -n 5,6p python.seen | paste -s -d , | sed 's/,/, /')"
same 'Hono, iat: false' accepted "$(sed -n 4p node.seen)"
finish
