"""What all makers in Python share: which tokens are asked for, and how they are handed back."""

import json
import sys
import time


def run(make):
    """Calls make(alg, claims) for each algorithm of the command line; it returns the published keys, as text, and a token.

    The issuer is the first word with the algorithm behind it.
    """
    issuer, audience, subject, *algorithms = sys.argv[1:]
    for alg in algorithms:
        now = int(time.time())
        claims = {"iss": f"{issuer}/{alg}", "aud": audience, "sub": subject, "iat": now, "exp": now + 600}
        keys, token = make(alg, claims)
        print(json.dumps({"keys": keys, "token": token}), flush=True)


CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
