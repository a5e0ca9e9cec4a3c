/*
 * The floor of every PAM login with a password: asks for it and says yes. Benchmarks measure against it, as it does what
 * no PAM module can do without. It must never be installed.
 */
#include <stddef.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv) {
  const char *password = NULL;

  (void)flags, (void)argc, (void)argv;
  return pam_get_authtok(pamh, PAM_AUTHTOK, &password, NULL);
}

int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv) {
  (void)pamh, (void)flags, (void)argc, (void)argv;
  return PAM_SUCCESS;
}

int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv) {
  (void)pamh, (void)flags, (void)argc, (void)argv;
  return PAM_SUCCESS;
}
