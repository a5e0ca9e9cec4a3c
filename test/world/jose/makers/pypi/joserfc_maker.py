import json

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from maker import CURVES, run


def make(alg, claims):
    if alg in CURVES:
        key = ECKey.generate_key(CURVES[alg])
    elif alg in ("EdDSA", "Ed25519"):
        key = OKPKey.generate_key("Ed25519")
    else:
        key = RSAKey.generate_key()
    keys = KeySet([key])
    token = jwt.encode({"alg": alg}, claims, keys, algorithms=[alg])
    return json.dumps(keys.as_dict(private=False)), token


run(make)
