from jwskate import Jwk, Jwt
from maker import run


def make(alg, claims):
    key = Jwk.generate(alg=alg)
    token = Jwt.sign(claims, key)
    return key.public_jwk().as_jwks().to_json(), str(token)


run(make)
