from jwcrypto.jwk import JWK, JWKSet
from jwcrypto.jwt import JWT
from maker import CURVES, run


def make(alg, claims):
    if alg in CURVES:
        key = JWK.generate(kty="EC", crv=CURVES[alg])
    elif alg in ("EdDSA", "Ed25519"):
        key = JWK.generate(kty="OKP", crv="Ed25519")
    else:
        key = JWK.generate(kty="RSA")
    keys = JWKSet()
    keys.add(key)
    token = JWT(header={"alg": alg}, claims=claims)
    token.make_signed_token(key)
    return keys.export(private_keys=False), token.serialize()


run(make)
