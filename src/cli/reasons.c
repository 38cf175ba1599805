/*
 * The words of docs/errors.md about each reason word.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/reasons.h"

#include <stddef.h>
#include <string.h>

static const struct reason reasons[STATUS_COUNT] = {
    [STATUS_OK] =
    {"The sign-in succeeded.",
     "Nothing."},
    [STATUS_WRONG_PASSWORD] =
    {"The pool refused the name and password. An app client that "
     "hides who exists says the same for an unknown user.",
     "Type it again. When the password is surely right: does the "
     "user exist in this pool, and is username_format right?"},
    [STATUS_WRONG_CODE] =
    {"A one-time code was wrong.",
     "Type the current code."},
    [STATUS_CODE_EXPIRED] =
    {"A one-time code was too old or used before.",
     "Ask for a new code."},
    [STATUS_NO_USER] =
    {"The pool says that it has no such user.",
     "Create the user. To hide who exists, enable Prevent user "
     "existence errors at the app client."},
    [STATUS_BAD_INPUT] =
    {"The user name is one that username_class does not allow, or "
     "the service refused the form of a value.",
     "See the message in the log; rename the account or widen "
     "username_class."},
    [STATUS_EMPTY_PASSWORD] =
    {"The password was empty, or use_first_pass found none. "
     "Nothing was sent.",
     "Type a password. With use_first_pass: put a module that asks"
     " before this one."},
    [STATUS_JUNK_PASSWORD] =
    {"What was typed holds control characters, is not UTF-8, or is"
     " longer than 256 characters. Nothing was sent. sshd hands in"
     " such a password for users it has refused already.",
     "For one user through sshd: look at AllowUsers, DenyUsers, "
     "PermitRootLogin and the account's shell."},
    [STATUS_PASSWORD_POLICY] =
    {"A new password breaks the pool's rules.",
     "Choose another one."},
    [STATUS_PASSWORD_HISTORY] =
    {"A new password was used before.",
     "Choose another one."},
    [STATUS_NOT_CONFIRMED] =
    {"The user signed up and never confirmed it.",
     "Confirm the user in the pool."},
    [STATUS_DISABLED] =
    {"The user is disabled in the pool.",
     "Enable the user in the pool."},
    [STATUS_RESET_REQUIRED] =
    {"An administrator demanded a password reset. The password "
     "that was typed was not checked.",
     "Set a password in the pool, or let the user reset it by code"
     " elsewhere."},
    [STATUS_TEMPORARY_EXPIRED] =
    {"The temporary password was not replaced in time.",
     "Set a new one in the pool."},
    [STATUS_MUST_CHANGE] =
    {"The password must be replaced before the sign-in can go on.",
     "Choose a new one."},
    [STATUS_LOCKED_OUT] =
    {"Too many wrong passwords. Cognito refuses the user for a "
     "while, whether or not the password is right.",
     "Wait, up to 15 minutes, without trying. Find out who tries: "
     "rhost= in the log."},
    [STATUS_LIMIT] =
    {"A limit per user was reached.",
     "Wait up to an hour."},
    [STATUS_SESSION] =
    {"The sign-in took longer than its session lives, or a token "
     "was refused as old.",
     "Sign in again."},
    [STATUS_CHALLENGE] =
    {"The pool asks for a step that cannot be answered here, that "
     "cannot come at that point, or for too many steps. The log "
     "names it.",
     "See the step in the log; the limits in README.md say which "
     "there are."},
    [STATUS_NO_METHOD] =
    {"The user has no second factor that can be used.",
     "Give the user a second factor that the pool allows."},
    [STATUS_IDENTITY] =
    {"The pool signed somebody in, but the token does not name the"
     " user who is logging in; or another module changed PAM_USER "
     "meanwhile.",
     "The log says both names. Pools that sign in by e-mail need "
     "account_claim=email and username_format."},
    [STATUS_GROUP] =
    {"The user is in no group of require_group, or in one of "
     "deny_group.",
     "Change the user's groups in the pool."},
    [STATUS_MFA_MISSING] =
    {"require_mfa is set and no second factor was asked for.",
     "Enable MFA for the user in the pool."},
    [STATUS_LAMBDA_REFUSED] =
    {"A Lambda trigger of the pool refused the user.",
     "See the trigger's words in the log."},
    [STATUS_RISK] =
    {"Threat protection refused the sign-in.",
     "See the user's sign-in history in the pool."},
    [STATUS_BLOCKED] =
    {"A web ACL (AWS WAF), or something else before the service, "
     "blocked the request.",
     "Allow this machine's address in the web ACL; check proxy."},
    [STATUS_NOT_RESETTABLE] =
    {"The password cannot be reset by code.",
     "Have an administrator set one."},
    [STATUS_ALIAS_TAKEN] =
    {"Another user has that address.",
     "Use another address."},
    [STATUS_USER_EXISTS] =
    {"The user name is taken.",
     "Choose another one."},
    [STATUS_TOKEN] =
    {"The answer held no ID token, or one that does not verify. "
     "The log names the check: signature, iss, aud, token_use, "
     "exp, nbf ...",
     "iss: set issuer. exp or nbf: set the clock. aud: check "
     "client_id. signature or kid: is jwks_file older than the "
     "pool's keys?"},
    [STATUS_DNS] =
    {"The name of the endpoint or proxy could not be resolved in "
     "time.",
     "Check the resolver, region and endpoint."},
    [STATUS_CONNECT] =
    {"No connection to the endpoint or proxy.",
     "Check routes, firewall and proxy."},
    [STATUS_TLS] =
    {"No trusted TLS connection: wrong name, unknown or expired "
     "certificate, no common version.",
     "Something decrypts on the way, endpoint is wrong, or the "
     "clock is. A private CA needs ca_file."},
    [STATUS_TIMEOUT] =
    {"No answer within timeout seconds.",
     "Check the network; raise timeout only when the way is slow."},
    [STATUS_TRANSPORT] =
    {"The exchange broke off: reset, cut short, larger than 1 MiB."
     " The password may have been counted; it is never sent twice.",
     "Try again; check proxies."},
    [STATUS_THROTTLED] =
    {"The AWS account made more requests than its quota.",
     "Try again later."},
    [STATUS_SERVER] =
    {"The service failed.",
     "Try again later."},
    [STATUS_UNREADABLE] =
    {"The answer is not what the protocol allows: no JSON object, "
     "an unknown type, a result together with a challenge.",
     "Is that really Cognito at endpoint? Otherwise report it."},
    [STATUS_LAMBDA_BROKEN] =
    {"A Lambda trigger of the pool failed.",
     "See the trigger's log."},
    [STATUS_DELIVERY] =
    {"The pool could not send a code.",
     "Check the pool's messaging settings."},
    [STATUS_KEYS] =
    {"The pool's signing keys could not be had.",
     "Allow https://ENDPOINT/POOL_ID/.well-known/jwks.json, or set"
     " jwks_file."},
    [STATUS_HELPER] =
    {"The helper could not be started, died, or broke the "
     "protocol.",
     "The line before says why: path, owner and mode of the "
     "helper. Are module and helper of the same version?"},
    [STATUS_SECRET_HASH] =
    {"The client secret does not fit, is missing, or is one too "
     "many.",
     "Set the secret of the app client that client_id names, or "
     "remove it where the client has none."},
    [STATUS_CLIENT_UNKNOWN] =
    {"No such user pool or app client in that region.",
     "Check user_pool_id, client_id and region."},
    [STATUS_FLOW_DISABLED] =
    {"The app client does not allow the way of signing in that "
     "auth_flow asks for.",
     "Allow it at the app client (ALLOW_USER_PASSWORD_AUTH for the"
     " default)."},
    [STATUS_POOL_CONFIG] =
    {"The pool's settings contradict each other.",
     "See the message in the log."},
    [STATUS_PROTOCOL] =
    {"The service did not understand the request.",
     "Check endpoint and proxy; otherwise report it as a bug."},
    [STATUS_CONFIG] =
    {"A setting is unknown, malformed, missing, or stands in a "
     "file that is not trusted.",
     "The line before names the key, where it stands and what was "
     "expected."},
    [STATUS_CANCELLED] =
    {"The person gave up, or the host cannot ask.",
     "Nothing; or give the host a conversation (a terminal)."},
    [STATUS_NO_DIALOGUE] =
    {"The host answered a question for a code or a new password "
     "with the password: it can ask one question only. Nothing was"
     " sent.",
     "For sshd: KbdInteractiveAuthentication yes. For others: "
     "otp=append."},
    [STATUS_UNAVAILABLE] =
    {"This version does not do that.",
     "See the limits in README.md."},
    [STATUS_UNKNOWN_ERROR] =
    {"The service named an error that is not in the table.",
     "See error= in the log, and report it."},
    [STATUS_PRIVILEGE] =
    {"The helper could not give up root or confine itself, or the "
     "host runs with mixed identities.",
     "The line before says why. Usually the helper's user is "
     "missing; the line has the command that creates it."},
    [STATUS_MEMORY] =
    {"Out of memory.",
     "Free some."},
    [STATUS_INTERNAL] =
    {"A bug or a system call that cannot fail did.",
     "Report it."},
    [STATUS_SERVICE] =
    {"allow_services does not list this PAM service.",
     "Add the service, or keep the user out of it."},
    [STATUS_CODE_LIMIT] =
    {"A code was sent to this user less than ten minutes ago.",
     "Use that code, or wait."},
};

struct reason
reason_of_status(enum status status)
{
    struct reason none = {"A reason that this program does not know.", ""};

    if ((unsigned int) status >= STATUS_COUNT
        || reasons[status].meaning == NULL)
        return none;
    return reasons[status];
}

const struct error_row *
reason_row(const char *error, const char *message)
{
    const struct error_row *rows;
    size_t count;

    rows = error_rows(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].code, error) == 0
            && (rows[i].fragment == NULL
                || strcasestr(message, rows[i].fragment) != NULL))
            return &rows[i];
    return NULL;
}

struct reason
reason_of(enum status status, const char *error, const char *message)
{
    const struct error_row *row = reason_row(error, message);
    struct reason reason = reason_of_status(status);

    /* The last answer may have been fine and something else the matter. */
    if (row != NULL && row->status == status) {
        reason.meaning = row->meaning;
        reason.fix = row->fix;
    }
    return reason;
}
