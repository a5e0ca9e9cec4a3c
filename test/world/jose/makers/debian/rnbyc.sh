#!/bin/sh
# Rhonabwy: its command makes key, key set and token.
set -eu
issuer=$1 audience=$2 subject=$3
shift 3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for alg; do
  case $alg in
    ES256) kind=EC256 ;;
    ES384) kind=EC384 ;;
    ES512) kind=EC521 ;;
    EdDSA) kind=Ed25519 ;;
    *) kind=RSA2048 ;;
  esac
  now=$(date +%s)
  claims=$(printf '{"iss":"%s","aud":"%s","sub":"%s","iat":%s,"exp":%s}' \
    "$issuer/$alg" "$audience" "$subject" "$now" "$((now + 600))")
  rnbyc -j -g "$kind" -x -n 0 -o "$folder/private" -p "$folder/public"
  token=$(rnbyc -s "$claims" -a "$alg" -K "$folder/private")
  printf '{"keys":"%s","token":"%s"}\n' "$(sed 's/["\\]/\\&/g' "$folder/public")" "$token"
done
