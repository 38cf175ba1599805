/*
 * Fuzz target: what the service answers, and a whole sign-in over such
 * answers. The input: the flow in a byte, then answers. Nothing in them is
 * signed, so nobody ever signs in.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <string.h>

#include "cognito/api.h"
#include "common/config.h"
#include "flows/account.h"
#include "flows/sign_in.h"
#include "fuzz.h"
#include "service.h"

/* ---- A person who answers everything ---- */

static bool typed; /* the password: from here on no line may show it */

static enum status
ask(struct talk *talk, enum talk_kind kind, const char *prompt,
    struct secret *answer_out)
{
    static const char *const words[] = {
        [TALK_PASSWORD] = "Correct-Horse-9",
        [TALK_NEW_PASSWORD] = "New-1-Pass",
        [TALK_NEW_AGAIN] = "New-1-Pass",
        [TALK_CODE] = "123456",
        [TALK_HIDDEN] = "answer",
        [TALK_VISIBLE] = "1",
        [TALK_PASSWORD_OR_CODE] = "Correct-Horse-9",
    };

    (void) talk;
    MUST(strlen(prompt) <= 200);
    typed = typed || kind == TALK_PASSWORD || kind == TALK_PASSWORD_OR_CODE;
    return secret_set_text(answer_out, words[kind]) ? STATUS_OK
                                                    : STATUS_MEMORY;
}

static enum status
tell(struct talk *talk, enum talk_style style, const char *text)
{
    (void) talk;
    (void) style;
    (void) text;
    return STATUS_OK;
}

static void
note(struct talk *talk, enum talk_level level, const char *text)
{
    (void) talk;
    (void) level;
    MUST(!typed || strstr(text, "Correct-Horse-9") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const flows[]
        = {"auth_flow=user_password", "auth_flow=user_srp",
           "auth_flow=user_auth",     "auth_flow=custom",
           "auth_flow=custom_srp",    "auth_flow=user_password",
           "auth_flow=user_srp",      "auth_flow=user_auth"};
    static const struct pool pool = {.id = "eu-west-1_A",
                                     .region = "eu-west-1",
                                     .name = "A",
                                     .issuer = "https://issuer.example"};
    const char *arguments[] = {flows[size > 0 ? data[0] % 8 : 0], "mfa_setup",
                               "password_reset=sshd", "confirm_sign_up=sshd"};
    const struct sign_in_request request
        = {.user = "alice", .host = "host", .service = "sshd"};
    struct secret client_secret = {(char *) "secret", 6};
    struct cognito cognito = {.pool = &pool,
                              .client_id = "client",
                              .client_secret = &client_secret,
                              .http = &service_connection};
    struct talk talk = {.ask = ask, .tell = tell, .log = note};
    struct config *config = config_new(CONFIG_HELPER);
    struct sign_in_result result = {0};

    MUST(config != NULL);
    typed = false;
    config_arguments(config, 4, arguments);
    MUST(config_status(config) == STATUS_OK);
    service_answers(data + (size > 0), size - (size > 0));
    account_run(size > 0 && data[0] >= 128 ? ACCOUNT_CHANGE_PASSWORD
                                           : ACCOUNT_SIGN_IN,
                &cognito, &talk, config, &request, &result);
    MUST(result.outcome.status != STATUS_OK);
    sign_in_free(&result);
    cognito_close(&cognito);
    config_free(config);
    return 0;
}
