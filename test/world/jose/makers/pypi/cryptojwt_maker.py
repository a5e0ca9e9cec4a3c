import json

from cryptojwt.jwt import JWT
from cryptojwt.key_jar import build_keyjar
from maker import CURVES, run


def make(alg, claims):
    if alg in CURVES:
        kind = {"type": "EC", "crv": CURVES[alg], "use": ["sig"]}
    elif alg in ("EdDSA", "Ed25519"):
        kind = {"type": "OKP", "crv": "Ed25519", "use": ["sig"]}
    else:
        kind = {"type": "RSA", "use": ["sig"]}
    jar = build_keyjar([kind])
    jar.import_jwks(jar.export_jwks(private=True), claims["iss"])
    issuer = JWT(key_jar=jar, iss=claims["iss"], lifetime=600, sign_alg=alg)
    return json.dumps(jar.export_jwks()), issuer.pack({"sub": claims["sub"]}, aud=claims["aud"])


run(make)
