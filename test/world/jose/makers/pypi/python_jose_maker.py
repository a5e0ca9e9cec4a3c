import json

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import jwk, jwt
from maker import CURVES, run

EC = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}


def make(alg, claims):
    # It leaves keys to cryptography.
    if alg in CURVES:
        private = ec.generate_private_key(EC[CURVES[alg]]())
    else:
        private = rsa.generate_private_key(65537, 2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = jwk.construct(pem.decode(), alg).public_key()
    return json.dumps({"keys": [public.to_dict()]}), jwt.encode(claims, pem.decode(), alg)


run(make)
