#!/bin/bash
# Surprise: python-jose does not look for the key that a token names. It tries those of the set in their order, and stops at the first
#   one of another type: whether a token of an RSA key is valid depends on whether an EC key is in front of that or behind it.
#   One would expect that kid chooses the key, or that a key that does not fit is passed over.
# Version: python-jose 3.5.0. PyJWT 2.15.1, joserfc 1.8.0 and JWCrypto 1.6.1 take both orders.
# Behaviour: an issuer that goes over from RSA to EC publishes both for a while, in an order that is its own, and often puts the new
#   key in front. Give python-jose the one key that has the kid of the token, not the set.
# Output, seen on 2026-11-29:
#   RSA behind EC, a token of the RSA key: Incorrect key type. Expected: 'RSA', Received: EC
#   RSA in front of EC, the same token: accepted
#   RSA in front of EC, a token of the EC key: Incorrect key type. Expected: 'EC', Received: RSA
#   the key of its kid alone, the same token: accepted
#   a kid that the set does not have: accepted
. "$(dirname "$0")/lib/bench.sh"

pypi python-jose==3.5.0 cryptography==50.0.2 cffi==2.1.1 pycparser==3.12 typing-extensions==4.16.0 \
  ecdsa==0.19.2 rsa==4.9.1 pyasn1==0.6.5 six==1.17.0
PYTHONPATH=$work/pypi python3 -W ignore - >"$work/seen" 2>"$work/python.log" <<'PYTHON' || cannot "$(tail -n 1 "$work/python.log")"
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jose import jwk, jwt
from jose.exceptions import JOSEError

def pair(key, algorithm):
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return private, jwk.construct(public, algorithm).to_dict() | {"kid": algorithm}

rsa_key, rsa_jwk = pair(rsa.generate_private_key(65537, 2048), "RS256")
ec_key, ec_jwk = pair(ec.generate_private_key(ec.SECP256R1()), "ES256")

def verify(key, algorithm, *keys, kid=None):
    token = jwt.encode({"sub": "app"}, key, algorithm, headers={"kid": kid or algorithm})
    try:
        jwt.decode(token, {"keys": keys}, [algorithm])
        print("accepted")
    except JOSEError as error:
        print(error)

verify(rsa_key, "RS256", ec_jwk, rsa_jwk)
verify(rsa_key, "RS256", rsa_jwk, ec_jwk)
verify(ec_key, "ES256", rsa_jwk, ec_jwk)
verify(rsa_key, "RS256", rsa_jwk)
verify(rsa_key, "RS256", rsa_jwk, kid="another")
PYTHON

same 'RSA behind EC, a token of the RSA key' "Incorrect key type. Expected: 'RSA', Received: EC" "$(sed -n 1p "$work/seen")"
same 'RSA in front of EC, the same token' accepted "$(sed -n 2p "$work/seen")"
same 'RSA in front of EC, a token of the EC key' "Incorrect key type. Expected: 'EC', Received: RSA" "$(sed -n 3p "$work/seen")"
same 'the key of its kid alone, the same token' accepted "$(sed -n 4p "$work/seen")"
same 'a kid that the set does not have' accepted "$(sed -n 5p "$work/seen")"
finish
