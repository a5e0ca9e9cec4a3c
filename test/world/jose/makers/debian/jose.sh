#!/bin/sh
# José: its command makes key, key set and signature.
set -eu
issuer=$1 audience=$2 subject=$3
shift 3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for alg; do
  now=$(date +%s)
  printf '{"iss":"%s","aud":"%s","sub":"%s","iat":%s,"exp":%s}' \
    "$issuer/$alg" "$audience" "$subject" "$now" "$((now + 600))" >"$folder/claims"
  jose jwk gen -i "{\"alg\":\"$alg\"}" -o "$folder/key"
  keys=$(jose jwk pub -s -i "$folder/key")
  token=$(jose jws sig -c -I "$folder/claims" -k "$folder/key" -s "{\"protected\":{\"alg\":\"$alg\"}}")
  printf '{"keys":"%s","token":"%s"}\n' "$(printf %s "$keys" | sed 's/["\\]/\\&/g')" "$token"
done
