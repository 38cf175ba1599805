/*
 * The six entry points that PAM calls, and what each answers in and out of
 * scope. docs/errors.md has the table of return codes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <errno.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "common/secret.h"
#include "common/text.h"
#include "module/authtok.h"
#include "module/breaker.h"
#include "module/call.h"
#include "module/handle.h"
#include "module/relay.h"
#include "module/result.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc,
                               const char **argv);
EXPORT int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc,
                          const char **argv);
EXPORT int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc,
                            const char **argv);
EXPORT int pam_sm_open_session(pam_handle_t *pamh, int flags, int argc,
                               const char **argv);
EXPORT int pam_sm_close_session(pam_handle_t *pamh, int flags, int argc,
                                const char **argv);
EXPORT int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc,
                            const char **argv);

static enum status
refuse_settings(const struct call *call)
{
    const struct config *config = call->about.config;
    bool closed = eaccess(config_text(config, KEY_CONFIG), R_OK) < 0
                  && errno == EACCES;

    call_log(call, LOG_ERR, "configuration: %s%s", config_message(config),
             closed ? ": hosts that are not root read it, too: chmod 0644, "
                      "with the secret in a file of its own"
                    : "");
    return STATUS_CONFIG;
}

/*
 * Is this service one that the settings allow? A mistake elsewhere in them
 * does not open what this shuts; what cannot be read is not open.
 */
static enum status
check_service(const struct call *call)
{
    const struct config *config = call->about.config;

    if (config_is_set(config, KEY_ALLOW_SERVICES)
        && !config_list_has(config, KEY_ALLOW_SERVICES, call->service))
        return STATUS_SERVICE;
    return config_is_known(config, KEY_ALLOW_SERVICES) ? STATUS_OK
                                                       : refuse_settings(call);
}

/* The settings are sound, and so is the service. */
static enum status
check_settings(const struct call *call)
{
    return config_status(call->about.config) == STATUS_OK
               ? check_service(call)
               : refuse_settings(call);
}

static void
sign_in(struct call *call, struct outcome *result)
{
    struct secret password = {0};
    struct relay *relay = NULL;

    result->status = check_settings(call);
    if (result->status == STATUS_OK && !breaker_lets_through(call))
        result->status = STATUS_OUTAGE;
    if (result->status != STATUS_OK)
        return;
    /* Started before the prompt, the helper connects while the person
     * types. */
    if (!config_flag(call->about.config, KEY_WARM_UP))
        result->status = authtok_get(call, WIRE_AUTHENTICATE, &password);
    if (result->status == STATUS_OK)
        relay = relay_start(call, WIRE_AUTHENTICATE, &password, result);
    breaker_note(call, result);
    relay_free(relay);
    secret_free(&password);
}

/*
 * Whose call it is, by scope.c; groups of only_group that are missing are put
 * on record.
 */
static enum scope
find_scope(struct call *call, const char **reason_out)
{
    enum scope scope = scope_of(&call->about, reason_out);

    if (call->about.missing[0] != '\0')
        call_log(call, LOG_WARNING,
                 "only_group: not on this machine, or misspelt: %s",
                 call->about.missing);
    return scope;
}

/* The refusal of who is neither ours for sure nor somebody else's. */
static void
refuse_scope(const struct call *call, enum scope scope, const char *reason,
             struct outcome *result_out)
{
    *result_out = (struct outcome){.status = STATUS_INTERNAL};
    switch (scope) {
    case SCOPE_UNKNOWN:
        result_out->status = STATUS_LOOKUP;
        reason = call->about.why;
        break;
    case SCOPE_ALIAS:
        result_out->status = STATUS_ACCOUNT;
        reason = call->about.why;
        break;
    case SCOPE_REFUSED:
        result_out->status = STATUS_BAD_INPUT;
        break;
    case SCOPE_MEMORY:
        result_out->status = STATUS_MEMORY;
        return;
    case SCOPE_OURS:
    case SCOPE_FOREIGN:
        result_out->status = STATUS_ACCOUNT;
        break;
    }
    text_clean(reason, result_out->note, sizeof(result_out->note));
}

/*
 * Right before a success: the account that the host is going to use must be
 * the one that was judged, and ours still.
 */
static void
look_again(struct call *call, struct outcome *result)
{
    bool had_account = call->about.has_account;
    uid_t uid = call->about.uid;
    const char *reason;
    enum scope scope;

    if (result->status != STATUS_OK)
        return;
    scope = scope_of(&call->about, &reason);
    if (scope == SCOPE_OURS
        && (call->about.has_account != had_account || call->about.uid != uid))
        reason = "the account changed during the sign-in";
    else if (scope == SCOPE_OURS)
        return;
    refuse_scope(call, scope, reason, result);
}

/*
 * Answers, and keeps what the account phase must know: a refusal that hides
 * behind another module's success is final there. What cannot be kept is no
 * success.
 */
static int
conclude(struct call *call, struct outcome *result)
{
    struct kept *kept;
    int code;

    look_again(call, result);
    kept = handle_renew(call);
    if (kept == NULL)
        *result = (struct outcome){.status = STATUS_MEMORY};
    code = result_finish(call, result, PHASE_AUTHENTICATE);
    if (kept != NULL) {
        kept->verdict = result->status;
        kept->must_change = code == PAM_SUCCESS && result->must_change;
    }
    return code;
}

static int
authenticate(struct call *call)
{
    struct outcome result = {.status = STATUS_INTERNAL};
    enum scope scope;
    const char *reason;

    scope = find_scope(call, &reason);
    if (scope == SCOPE_FOREIGN) {
        call_log(call, LOG_DEBUG, "%.128s: not ours: %s", call->user, reason);
        return PAM_USER_UNKNOWN;
    }
    if (scope == SCOPE_OURS)
        sign_in(call, &result);
    else
        refuse_scope(call, scope, reason, &result);
    return conclude(call, &result);
}

int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct call call;
    int code;

    code = call_open(pamh, flags, argc, argv, &call);
    /* Also when nobody can be named: nothing of an earlier sign-in stays. */
    handle_forget(&call);
    if (code == PAM_SUCCESS)
        code = authenticate(&call);
    call_close(&call);
    return code;
}

/*
 * There are no credentials to set. Success, not PAM_IGNORE: libpam replays
 * setcred along the way that authenticate went, and a "sufficient" that was
 * taken there must be taken here.
 */
int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void) pamh;
    (void) flags;
    (void) argc;
    (void) argv;
    return PAM_SUCCESS;
}

/* The account is no longer the one that the sign-in was about. */
static bool
is_stale(const struct kept *kept, const struct call *call)
{
    return kept != NULL && kept->uid != call->about.uid;
}

/* What the account phase itself finds; STATUS_OK for nothing. */
static enum scope
examine_account(struct call *call, struct outcome *result)
{
    const char *reason;
    enum scope scope = find_scope(call, &reason);

    *result = (struct outcome){.status = STATUS_OK};
    if (scope == SCOPE_UNKNOWN || scope == SCOPE_ALIAS
        || scope == SCOPE_MEMORY)
        refuse_scope(call, scope, reason, result);
    else if (scope == SCOPE_OURS || scope == SCOPE_REFUSED)
        result->status = check_service(call);
    if (result->status == STATUS_OK && is_stale(handle_kept(call), call))
        refuse_scope(call, SCOPE_FOREIGN,
                     "the account changed since the sign-in", result);
    return scope;
}

/*
 * No opinion about an account that this module did not sign in in this handle:
 * cron, SSH keys and sudo's account phase come here without authenticate.
 * What authenticate found out is final, though, whatever the stack made of
 * it, and so is a service that is not allowed.
 */
static int
check_account(struct call *call)
{
    struct outcome result;
    enum scope scope = examine_account(call, &result);
    const struct kept *kept = handle_kept(call);
    int code;

    /* Whatever else was found or is remembered about such a name. */
    if (call->about.exempt)
        return PAM_IGNORE;
    if (result.status != STATUS_OK)
        return result_refuse_account(call, &result, true);
    if (kept == NULL)
        return PAM_IGNORE;
    if (kept->must_change)
        return PAM_NEW_AUTHTOK_REQD;
    code = pam_code(kept->verdict, PHASE_ACCOUNT);
    if (code == PAM_IGNORE || (code == PAM_SUCCESS && scope != SCOPE_OURS))
        return PAM_IGNORE;
    if (code == PAM_SUCCESS)
        return PAM_SUCCESS;
    result.status = kept->verdict;
    return result_refuse_account(call, &result, false);
}

int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct call call;
    int code;

    code = call_open(pamh, flags, argc, argv, &call);
    if (code == PAM_SUCCESS)
        code = check_account(&call);
    /* Nobody is nobody of ours; not to find out who it is is an error. */
    else if (code == PAM_USER_UNKNOWN)
        code = PAM_IGNORE;
    call_close(&call);
    return code;
}

int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    (void) pamh;
    (void) flags;
    (void) argc;
    (void) argv;
    return PAM_IGNORE;
}

int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc,
                     const char **argv)
{
    (void) pamh;
    (void) flags;
    (void) argc;
    (void) argv;
    return PAM_IGNORE;
}

/*
 * The old password is proved and everything that UPDATE needs is kept, in a
 * helper that waits; nothing is changed yet.
 */
static int
prove_password(struct call *call)
{
    struct outcome result = {.status = STATUS_OK};
    struct kept *kept = handle_kept(call);
    bool must_change = kept != NULL && kept->must_change;
    enum status verdict = kept == NULL ? STATUS_INTERNAL : kept->verdict;
    struct secret password = {0};
    int code;

    /* Somebody's password has expired, and it is not this one. */
    if ((call->flags & PAM_CHANGE_EXPIRED_AUTHTOK) != 0 && !must_change)
        return PAM_IGNORE;
    kept = handle_renew(call);
    if (kept == NULL) {
        result.status = STATUS_MEMORY;
        return result_finish(call, &result, PHASE_PRELIMINARY);
    }
    /* What authenticate found, if it was asked, is not for a change of
     * password to forget or to replace. */
    kept->verdict = verdict;
    kept->must_change = must_change;
    result.status = check_settings(call);
    if (result.status == STATUS_OK)
        kept->relay = relay_start(call, WIRE_CHANGE, &password, &result);
    secret_free(&password);
    if (result.status == STATUS_OK && !relay_is_ready(kept->relay))
        result.status = STATUS_HELPER;
    look_again(call, &result);
    code = result_finish(call, &result, PHASE_PRELIMINARY);
    if (code != PAM_SUCCESS) {
        relay_free(kept->relay);
        kept->relay = NULL;
    }
    return code;
}

static int
renew_password(struct call *call)
{
    struct outcome result = {.status = STATUS_INTERNAL};
    struct kept *kept = handle_kept(call);
    int code;

    if ((call->flags & PAM_CHANGE_EXPIRED_AUTHTOK) != 0
        && (kept == NULL || !kept->must_change))
        return PAM_IGNORE;
    if (kept != NULL && kept->relay != NULL)
        relay_continue(kept->relay, call, &result);
    /* Later modules take the new password from here. */
    if (result.status == STATUS_OK
        && pam_set_item(call->pamh, PAM_AUTHTOK,
                        relay_new_password(kept->relay))
               != PAM_SUCCESS)
        result.status = STATUS_MEMORY;
    code = result_finish(call, &result, PHASE_UPDATE);
    if (kept != NULL) {
        relay_free(kept->relay);
        kept->relay = NULL;
        if (code == PAM_SUCCESS)
            kept->must_change = false;
    }
    return code;
}

/*
 * Users who are not ours are left to the other modules, in both passes and
 * without a word: their passwd must not notice us.
 */
static int
change_password(struct call *call)
{
    struct outcome refused;
    const char *reason;
    enum scope scope = find_scope(call, &reason);
    bool stale = is_stale(handle_kept(call), call);

    if (scope == SCOPE_FOREIGN)
        return PAM_IGNORE;
    if (scope != SCOPE_OURS || stale) {
        refuse_scope(call, scope,
                     stale ? "the account changed meanwhile" : reason,
                     &refused);
        return result_finish(call, &refused, PHASE_PRELIMINARY);
    }
    if ((call->flags & PAM_PRELIM_CHECK) != 0)
        return prove_password(call);
    if ((call->flags & PAM_UPDATE_AUTHTOK) != 0)
        return renew_password(call);
    return PAM_SYSTEM_ERR;
}

int
pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    struct call call;
    int code;

    code = call_open(pamh, flags, argc, argv, &call);
    if (code == PAM_SUCCESS)
        code = change_password(&call);
    call_close(&call);
    return code;
}
