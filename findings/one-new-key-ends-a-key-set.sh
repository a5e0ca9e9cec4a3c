#!/bin/bash
# Surprise: one key of a kind that a library does not know, and it refuses the whole set that an issuer publishes, with the keys
#   that it knows. Which kind that is differs: go-jose refuses a set for a new kty, which joserfc passes over; joserfc for a new
#   use, which go-jose takes; both for a new curve. One would expect that such a key is passed over (RFC 7517 section 5).
# Version: go-jose 4.1.9 and joserfc 1.8.0; PyJWT 2.15.1 and JWCrypto 1.6.1 pass over all four. jose 6.2.18 and go-oidc 3.21.0 did so
#   too, with an RSA key beside it; Nimbus JOSE + JWT 10.10 refuses the set for a new curve, Authlib 1.9.10 and node-jose 2.2.0 for
#   kty AKP, keyfunc 3.9.2 and jwx 3.4.0 for that and for a new curve.
# Behaviour: nothing is wrong until the issuer adds such a key, and then every login fails, by the old keys as well. Before it does,
#   ask the libraries of all who verify its tokens. jwt-svid is what keys of a SPIFFE bundle have as use.
# Output, seen on 2026-11-29:
#   an Ed25519 key beside it, who reads the set: go-jose joserfc PyJWT JWCrypto
#   kty AKP (ML-DSA), who reads the set: joserfc PyJWT JWCrypto
#   Ed448, who reads the set: joserfc PyJWT JWCrypto
#   curve BP-256 (brainpoolP256r1), who reads the set: PyJWT JWCrypto
#   use jwt-svid, who reads the set: go-jose PyJWT JWCrypto
#   what go-jose says: go-jose/go-jose: unsupported key type, format, curve, or RSA modulus size
#   what joserfc says: KeyError: 'BP-256'
. "$(dirname "$0")/lib/bench.sh"

needs go
pypi joserfc==1.8.0 PyJWT==2.15.1 jwcrypto==1.6.1 cryptography==50.0.2 cffi==2.1.1 pycparser==3.12 typing-extensions==4.16.0
mkdir "$work/go"
cd "$work/go"
cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/go-jose/go-jose/v4"
)

func main() {
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(os.Stdin).Decode(&set); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if len(set.Key("known")) != 1 {
		fmt.Println("the known key is not among them")
		os.Exit(1)
	}
}
GO
export GOFLAGS=-mod=mod GOTOOLCHAIN=local
{ go mod init finding && go get github.com/go-jose/go-jose/v4@v4.1.9 && go build -o gojose .; } >"$work/go.log" 2>&1 ||
  cannot "go-jose: $(tail -n 1 "$work/go.log")"

cat >"$work/sets.py" <<'PYTHON'
import json
import subprocess
import sys
from base64 import urlsafe_b64encode
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, ed448, mldsa
from joserfc.jwk import KeySet
from jwcrypto.jwk import JWKSet
from jwt import PyJWKSet

def text(data):
    return urlsafe_b64encode(data).rstrip(b"=").decode()

def okp(curve, key):
    return {"kty": "OKP", "crv": curve, "x": text(key.public_key().public_bytes_raw())}

def on_curve(name, curve):
    point = ec.generate_private_key(curve).public_key().public_numbers()
    return {"kty": "EC", "crv": name, "x": text(point.x.to_bytes(32, "big")), "y": text(point.y.to_bytes(32, "big"))}

known = on_curve("P-256", ec.SECP256R1()) | {"kid": "known"}
others = {
    "Ed25519": okp("Ed25519", ed25519.Ed25519PrivateKey.generate()),
    "AKP": {"kty": "AKP", "alg": "ML-DSA-44", "pub": text(mldsa.MLDSA44PrivateKey.generate().public_key().public_bytes_raw())},
    "Ed448": okp("Ed448", ed448.Ed448PrivateKey.generate()),
    "BP-256": on_curve("BP-256", ec.BrainpoolP256R1()),
    "jwt-svid": on_curve("P-256", ec.SECP256R1()) | {"use": "jwt-svid"},
}

def go_jose(keys):
    done = subprocess.run(["./gojose"], input=json.dumps(keys), capture_output=True, text=True)
    if done.returncode != 0:
        raise ValueError(done.stdout.strip())

def jwcrypto(keys):
    if JWKSet.from_json(json.dumps(keys)).get_key("known") is None:
        raise KeyError("known")

readers = {
    "go-jose": go_jose,
    "joserfc": lambda keys: KeySet.import_key_set(keys).get_by_kid("known"),
    "PyJWT": lambda keys: PyJWKSet.from_dict(keys)["known"],
    "JWCrypto": jwcrypto,
}
for name, other in others.items():
    said = []
    for reader, read in readers.items():
        try:
            read({"keys": [known, other | {"kid": "other"}]})
            said.append(reader)
        except Exception as error:
            print(f"{reader} {name} {type(error).__name__}: {error}", file=sys.stderr)
    print(name, *said)
PYTHON
PYTHONPATH=$work/pypi python3 -W ignore "$work/sets.py" >"$work/seen" 2>"$work/said" || cannot "$(tail -n 1 "$work/said")"
seen() { sed -n "s/^$1 //p" "$work/seen"; }

same 'an Ed25519 key beside it, who reads the set' 'go-jose joserfc PyJWT JWCrypto' "$(seen Ed25519)"
same 'kty AKP (ML-DSA), who reads the set' 'joserfc PyJWT JWCrypto' "$(seen AKP)"
same 'Ed448, who reads the set' 'joserfc PyJWT JWCrypto' "$(seen Ed448)"
same 'curve BP-256 (brainpoolP256r1), who reads the set' 'PyJWT JWCrypto' "$(seen BP-256)"
same 'use jwt-svid, who reads the set' 'go-jose PyJWT JWCrypto' "$(seen jwt-svid)"
same 'what go-jose says' 'go-jose/go-jose: unsupported key type, format, curve, or RSA modulus size' \
  "$(sed -n 's/^go-jose AKP ValueError: //p' "$work/said")"
same 'what joserfc says' "KeyError: 'BP-256'" "$(sed -n 's/^joserfc BP-256 //p' "$work/said")"
finish
