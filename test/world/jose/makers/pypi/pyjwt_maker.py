import json

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms
from maker import CURVES, run

EC = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}


def make(alg, claims):
    # It leaves keys to cryptography.
    if alg in CURVES:
        key = ec.generate_private_key(EC[CURVES[alg]]())
    elif alg in ("EdDSA", "Ed25519"):
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = rsa.generate_private_key(65537, 2048)
    jwk = get_default_algorithms()[alg].to_jwk(key.public_key(), as_dict=True)
    return json.dumps({"keys": [jwk]}), jwt.encode(claims, key, algorithm=alg)


run(make)
