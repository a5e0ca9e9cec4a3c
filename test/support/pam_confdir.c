/*
 * Lets a throwaway PostgreSQL server read its PAM services from a folder of the test instead of /etc/pam.d.
 *
 * PostgreSQL calls pam_start(), which knows only the system's folder; preloaded, this one calls pam_start_confdir() of the same
 * library with the folder that the environment names. Nothing else changes: the library, its parser of service files and all
 * modules are the real ones. For tests only.
 */
#include <security/pam_appl.h>
#include <stdlib.h>

int pam_start(const char *service, const char *user, const struct pam_conv *conversation, pam_handle_t **handle);

int pam_start(const char *service, const char *user, const struct pam_conv *conversation, pam_handle_t **handle)
{
    const char *folder = getenv("PGTOKEN_TEST_PAM_CONFDIR");

    if (folder == NULL)
        return PAM_ABORT;
    return pam_start_confdir(service, user, conversation, folder, handle);
}
