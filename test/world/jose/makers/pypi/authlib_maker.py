import json

from authlib.jose import JsonWebKey, JsonWebToken, KeySet
from maker import CURVES, run


def make(alg, claims):
    if alg in CURVES:
        key = JsonWebKey.generate_key("EC", CURVES[alg], is_private=True)
    elif alg in ("EdDSA", "Ed25519"):
        key = JsonWebKey.generate_key("OKP", "Ed25519", is_private=True)
    else:
        key = JsonWebKey.generate_key("RSA", 2048, is_private=True)
    token = JsonWebToken([alg]).encode({"alg": alg}, claims, key)
    return json.dumps(KeySet([key]).as_dict()), token.decode()


run(make)
