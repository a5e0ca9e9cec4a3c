// cjose: it makes keys, JWKs and signatures, and no sets of keys.
#include <cjose/cjose.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void must(int ok, const char *what, const cjose_err *err) {
  if (ok) return;
  fprintf(stderr, "%s failed: %s\n", what, err->message);
  exit(1);
}

static void print_escaped(const char *text) {
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') putchar('\\');
    putchar(*text);
  }
}

int main(int argc, char **argv) {
  cjose_err err = {0};
  for (int i = 4; i < argc; i++) {
    cjose_jwk_t *key;
    if (strncmp(argv[i], "ES", 2) == 0) {
      key = cjose_jwk_create_EC_random(strcmp(argv[i], "ES256") == 0   ? CJOSE_JWK_EC_P_256
                                       : strcmp(argv[i], "ES384") == 0 ? CJOSE_JWK_EC_P_384
                                                                       : CJOSE_JWK_EC_P_521,
                                       &err);
    } else {
      key = cjose_jwk_create_RSA_random(2048, NULL, 0, &err);
    }
    must(key != NULL, "key", &err);
    char *jwk = cjose_jwk_to_json(key, false, &err);
    must(jwk != NULL, "jwk", &err);

    char claims[1024];
    const long now = (long)time(NULL);
    snprintf(claims, sizeof claims, "{\"iss\":\"%s/%s\",\"aud\":\"%s\",\"sub\":\"%s\",\"iat\":%ld,\"exp\":%ld}",
             argv[1], argv[i], argv[2], argv[3], now, now + 600);
    cjose_header_t *header = cjose_header_new(&err);
    must(header != NULL && cjose_header_set(header, CJOSE_HDR_ALG, argv[i], &err), "header", &err);
    cjose_jws_t *jws = cjose_jws_sign(key, header, (const uint8_t *)claims, strlen(claims), &err);
    const char *token;
    must(jws != NULL && cjose_jws_export(jws, &token, &err), "signature", &err);

    fputs("{\"keys\":\"{\\\"keys\\\":[", stdout);
    print_escaped(jwk);
    printf("]}\",\"token\":\"%s\"}\n", token);
    cjose_jws_release(jws);
    cjose_header_release(header);
    free(jwk);
    cjose_jwk_release(key);
  }
  return 0;
}
