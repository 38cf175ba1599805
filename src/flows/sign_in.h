/*
 * A sign-in, from the first question to a verdict. Knows the person through
 * struct talk and the pool through cognito/api.h; no PAM, no sockets.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_SIGN_IN_H
#define PAM_COGNITO_SIGN_IN_H

#include <stdbool.h>

#include "cognito/api.h"
#include "common/config.h"
#include "client/map.h"
#include "common/outcome.h"
#include "common/secret.h"
#include "common/status.h"
#include "flows/talk.h"

struct flow;

/* Whose sign-in, and where. */
struct sign_in_request {
    const char *user;      /* the local name */
    const char *host;      /* this machine's name, for an app's account */
    const char *service;   /* PAM's, for settings that list services */
    bool own_account;      /* a change of the caller's own password */
    bool may_go_ahead;     /* srp_ahead may be used: first try, no rhost */
    const struct map *map; /* of map_file, or NULL */
    const struct cognito_field *attributes; /* of a sign-up */
    size_t attribute_count;
};

/* What came of it. Initialise with {0}, free with sign_in_free. */
struct sign_in_result {
    struct outcome outcome;
    bool proved;    /* the service has checked the password */
    bool confirmed; /* a sign-up: by the pool, at once */
    int64_t date;   /* the service's clock, Unix seconds or 0 */
    struct secret access_token;
    struct secret refresh_token; /* to be revoked when nobody needs it */
};

/* Wipes and frees the tokens. */
void sign_in_free(struct sign_in_result *result);

/*
 * Signs flow->request->user in; cognito, talk, config, request and result are
 * filled in. STATUS_OK only when the pool answered with an
 * AuthenticationResult, no challenge, and an ID token that verifies, names
 * this very user, and passes every gate of the settings. Everything else is
 * a denial or a fault, as enum status says.
 */
enum status sign_in_flow(struct flow *flow);

/*
 * For a dialogue in which nobody signs in: gets the pool's name for the user
 * ready and no more.
 */
enum status sign_in_begin(struct flow *flow);

/*
 * In every case: writes the status and the person's words to the result and
 * frees the flow.
 */
void sign_in_end(struct flow *flow, enum status status);

/*
 * Writes what Cognito is told as the user's name: the map's, else
 * username_format with the user name in it. STATUS_BAD_INPUT when it does not
 * fit, STATUS_IDENTITY when it is another local user's in the map.
 */
enum status sign_in_pool_name(const struct config *config,
                              const struct map *map, const char *user,
                              char *out, size_t size);

#endif
