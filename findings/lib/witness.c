/*
 * A PAM module that accepts every password and notes service, user and the password's length; and a pam_start() that reads the
 * services from a folder of the script instead of /etc/pam.d, for programs that it is preloaded into. See bench.sh.
 */
#include <security/pam_appl.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *path(const char *name)
{
    static char text[4096];
    const char *folder = getenv("WITNESS");

    snprintf(text, sizeof text, "%s/%s", folder == NULL ? "/nonexistent" : folder, name);
    return text;
}

int pam_start(const char *service, const char *user, const struct pam_conv *conversation, pam_handle_t **handle)
{
    return pam_start_confdir(service, user, conversation, path("pam.d"), handle);
}

int pam_sm_authenticate(pam_handle_t *handle, int flags, int argc, const char **argv)
{
    const char *user = NULL;
    const char *password = NULL;
    const void *service = NULL;
    FILE *notes = fopen(path("witness"), "a");

    (void)flags;
    (void)argc;
    (void)argv;
    (void)pam_get_user(handle, &user, NULL);
    (void)pam_get_item(handle, PAM_SERVICE, &service);
    (void)pam_get_authtok(handle, PAM_AUTHTOK, &password, NULL);
    if (notes == NULL)
        return PAM_SERVICE_ERR;
    if (password != NULL)
        fprintf(notes, "%s asked with %zu bytes\n", (const char *)service, strlen(password));
    fclose(notes);
    return password == NULL ? PAM_AUTH_ERR : PAM_SUCCESS;
}

int pam_sm_setcred(pam_handle_t *handle, int flags, int argc, const char **argv)
{
    (void)handle;
    (void)flags;
    (void)argc;
    (void)argv;
    return PAM_SUCCESS;
}

int pam_sm_acct_mgmt(pam_handle_t *handle, int flags, int argc, const char **argv)
{
    return pam_sm_setcred(handle, flags, argc, argv);
}
