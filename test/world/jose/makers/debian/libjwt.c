// libjwt: it leaves keys to others, here to the command of OpenSSL, and knows no JWK.
#include <jwt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void must(int ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "%s failed\n", what);
  exit(1);
}

// The output of a command; the caller owns it.
static char *output_of(const char *command) {
  FILE *pipe = popen(command, "r");
  must(pipe != NULL, command);
  char *text = calloc(1, 65536);
  must(text != NULL, "calloc");
  const size_t length = fread(text, 1, 65535, pipe);
  must(pclose(pipe) == 0 && length > 0, command);
  return text;
}

static void print_escaped(const char *text) {
  for (; *text; text++) {
    if (*text == '\n')
      fputs("\\n", stdout);
    else
      putchar(*text);
  }
}

int main(int argc, char **argv) {
  for (int i = 4; i < argc; i++) {
    const char *kind = strcmp(argv[i], "ES256") == 0   ? "EC -pkeyopt ec_paramgen_curve:P-256"
                       : strcmp(argv[i], "ES384") == 0 ? "EC -pkeyopt ec_paramgen_curve:P-384"
                       : strcmp(argv[i], "ES512") == 0 ? "EC -pkeyopt ec_paramgen_curve:P-521"
                                                       : "RSA -pkeyopt rsa_keygen_bits:2048";
    char command[256];
    snprintf(command, sizeof command, "openssl genpkey -algorithm %s 2>/dev/null", kind);
    char *key = output_of(command);
    must(setenv("KEY", key, 1) == 0, "setenv");
    char *public = output_of("printf '%s' \"$KEY\" | openssl pkey -pubout");

    jwt_t *jwt;
    const long now = (long)time(NULL);
    must(jwt_new(&jwt) == 0, "jwt_new");
    char issuer[512];
    snprintf(issuer, sizeof issuer, "%s/%s", argv[1], argv[i]);
    must(jwt_add_grant(jwt, "iss", issuer) == 0, "iss");
    must(jwt_add_grant(jwt, "aud", argv[2]) == 0, "aud");
    must(jwt_add_grant(jwt, "sub", argv[3]) == 0, "sub");
    must(jwt_add_grant_int(jwt, "iat", now) == 0, "iat");
    must(jwt_add_grant_int(jwt, "exp", now + 600) == 0, "exp");
    must(jwt_set_alg(jwt, jwt_str_alg(argv[i]), (const unsigned char *)key, (int)strlen(key)) == 0, "jwt_set_alg");
    char *token = jwt_encode_str(jwt);
    must(token != NULL, "jwt_encode_str");

    fputs("{\"keys\":\"", stdout);
    print_escaped(public);
    printf("\",\"token\":\"%s\"}\n", token);
    free(token);
    jwt_free(jwt);
    free(public);
    free(key);
  }
  return 0;
}
