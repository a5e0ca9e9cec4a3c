/*
 * The floor of every login over PostgreSQL's own OAuth: says yes to any token. Benchmarks measure against it, as it does what no
 * validator can do without. It must never be installed.
 */
#include "postgres.h"

#include "fmgr.h"
#include "libpq/oauth.h"

PG_MODULE_MAGIC;

static bool validate(const ValidatorModuleState *state, const char *token, const char *role, ValidatorModuleResult *result) {
  (void)state, (void)token;
  result->authn_id = pstrdup(role);
  result->authorized = true;
  return true;
}

const OAuthValidatorCallbacks *_PG_oauth_validator_module_init(void) {
  static const OAuthValidatorCallbacks callbacks = {.magic = PG_OAUTH_VALIDATOR_MAGIC, .validate_cb = validate};

  return &callbacks;
}
