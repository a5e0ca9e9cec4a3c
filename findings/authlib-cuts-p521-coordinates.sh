#!/bin/bash
# Surprise: three of four P-521 keys that Authlib publishes have a coordinate of fewer than 66 bytes, and PyJWT refuses those keys. One
#   would expect that both keep to RFC 7518 section 6.2.1.2 (a coordinate has the full size of its field), or that one reads the other.
# Version: Authlib 1.9.10 and PyJWT 2.15.1. Rhonabwy 1.1.11 of Debian 12 writes the same; joserfc 1.8.0, JWCrypto 1.6.1 and
#   Node 26 take both lengths.
# Behaviour: Authlib writes a coordinate as a number, without zero bytes in front. One of P-521 has 521 bits in 66 bytes, so that the
#   first byte is zero for every second one; with P-256 it is one of 256. Sign with ES256, or make keys until one is long enough.
# Output, seen on 2026-11-28:
#   of 60 keys, short: between 30 and 60
#   refused by PyJWT: the short ones
#   its reason: Coords should be 66 bytes for curve P-521
. "$(dirname "$0")/lib/bench.sh"

pypi authlib==1.9.10 joserfc==1.8.0 PyJWT==2.15.1 cryptography==50.0.2 cffi==2.1.1 pycparser==3.12 typing-extensions==4.16.0
PYTHONPATH=$work/pypi python3 -W ignore - >"$work/seen" 2>"$work/python.log" <<'PYTHON' || cannot "$(tail -n 1 "$work/python.log")"
from base64 import urlsafe_b64decode
from authlib.jose import JsonWebKey
from jwt import PyJWK

short, refused, reasons = set(), set(), set()
for number in range(60):
    key = JsonWebKey.generate_key("EC", "P-521", is_private=True).as_dict()
    if min(len(urlsafe_b64decode(key[name] + "==")) for name in "xy") < 66:
        short.add(number)
    try:
        PyJWK(key)
    except Exception as error:
        refused.add(number)
        reasons.add(str(error))
print("between 30 and 60" if 30 < len(short) < 60 else len(short))
print("the short ones" if refused == short else "others")
print(*reasons)
PYTHON

same 'of 60 keys, short' 'between 30 and 60' "$(sed -n 1p "$work/seen")"
same 'refused by PyJWT' 'the short ones' "$(sed -n 2p "$work/seen")"
same 'its reason' 'Coords should be 66 bytes for curve P-521' "$(sed -n 3p "$work/seen")"
finish
