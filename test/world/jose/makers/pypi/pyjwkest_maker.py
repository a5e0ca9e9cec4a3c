import json

from Cryptodome.PublicKey import RSA
from jwkest.ecc import NISTEllipticCurve
from jwkest.jwk import ECKey, KEYS, RSAKey
from jwkest.jwt import JWT
from jwkest.jws import JWS
from maker import CURVES, run


def make(alg, claims):
    if alg in CURVES:
        curve = NISTEllipticCurve.by_name(CURVES[alg])
        d, (x, y) = curve.key_pair()
        key = ECKey(crv=CURVES[alg], x=x, y=y, d=d)
        key.serialize(private=True)
    else:
        key = RSAKey(key=RSA.generate(2048))
    token = JWS(json.dumps(claims), alg=alg).sign_compact([key])
    keys = KEYS()
    keys.append(key)
    return keys.dump_jwks(), token


run(make)
