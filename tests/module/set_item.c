/*
 * A PAM module for tests that does what others rely on or must not rely on.
 * authenticate: user=NAME and authtok=TEXT among its arguments set those
 * items. chauthtok: an argument counts in the pass it begins with, prelim: or
 * update:, and is one of user=NAME, authtok=TEXT, oldauthtok=TEXT; ask, which
 * waits for an answer; show, which logs the two passwords that the stack
 * holds; call=PATH, which gives the module there an UPDATE with the arguments
 * that follow, and logs what it returns.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <dlfcn.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc,
                               const char **argv);
EXPORT int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc,
                          const char **argv);
EXPORT int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc,
                            const char **argv);

static void
set(pam_handle_t *pamh, const char *argument)
{
    if (strncmp(argument, "user=", 5) == 0)
        (void) pam_set_item(pamh, PAM_USER, argument + 5);
    if (strncmp(argument, "authtok=", 8) == 0)
        (void) pam_set_item(pamh, PAM_AUTHTOK, argument + 8);
    if (strncmp(argument, "oldauthtok=", 11) == 0)
        (void) pam_set_item(pamh, PAM_OLDAUTHTOK, argument + 11);
}

int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void) flags;
    for (int i = 0; i < argc; i++)
        set(pamh, argv[i]);
    return PAM_IGNORE;
}

int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void) pamh;
    (void) flags;
    (void) argc;
    (void) argv;
    return PAM_IGNORE;
}

static void
ask(pam_handle_t *pamh)
{
    char *answer = NULL;

    (void) pam_prompt(pamh, PAM_PROMPT_ECHO_ON, &answer, "Go on? ");
    free(answer);
}

static void
show(pam_handle_t *pamh)
{
    const void *old = NULL, *new = NULL;

    (void) pam_get_item(pamh, PAM_OLDAUTHTOK, &old);
    (void) pam_get_item(pamh, PAM_AUTHTOK, &new);
    pam_syslog(pamh, LOG_DEBUG, "stack: old=%s new=%s",
               old == NULL ? "(none)" : (const char *) old,
               new == NULL ? "(none)" : (const char *) new);
}

static void
call(pam_handle_t *pamh, const char *path, int argc, const char **argv)
{
    int (*change)(pam_handle_t *, int, int, const char **);
    void *module = dlopen(path, RTLD_NOW);
    void *symbol = module == NULL ? NULL : dlsym(module, "pam_sm_chauthtok");

    if (symbol == NULL)
        return;
    memcpy(&change, &symbol, sizeof(change));
    pam_syslog(pamh, LOG_DEBUG, "update alone: %d",
               change(pamh, PAM_UPDATE_AUTHTOK, argc, argv));
}

int
pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    const char *pass = (flags & PAM_PRELIM_CHECK) != 0 ? "prelim:" : "update:";

    for (int i = 0; i < argc; i++) {
        const char *action = argv[i] + strlen(pass);

        if (strncmp(argv[i], pass, strlen(pass)) != 0)
            continue;
        if (strcmp(action, "ask") == 0)
            ask(pamh);
        else if (strcmp(action, "show") == 0)
            show(pamh);
        else if (strncmp(action, "call=", 5) == 0)
            call(pamh, action + 5, argc - i - 1, argv + i + 1);
        else
            set(pamh, action);
    }
    return PAM_IGNORE;
}
