/*
 * One function per operation of a user pool that needs no AWS credentials
 * (API version 2016-04-18, AWSCognitoIdentityProviderService). Each is one
 * POST. It is sent again, at most three times and while the deadline leaves
 * time for the wait before, when the service says that it did not process it,
 * and for no other reason. It holds SECRET_HASH or SecretHash where the client
 * has a secret and the operation wants it, over the very string sent as
 * USERNAME.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_API_H
#define PAM_COGNITO_API_H

#include <stdbool.h>
#include <stddef.h>

#include "cognito/answer.h"
#include "cognito/http.h"
#include "cognito/json.h"
#include "cognito/jwt.h"
#include "cognito/pool.h"
#include "cognito/vocabulary.h"
#include "common/secret.h"
#include "common/status.h"

/* One app client of one pool. Its members are the caller's to keep alive. */
struct cognito {
    const struct pool *pool;
    const char *client_id;
    const struct secret *client_secret; /* empty: a public client */
    struct http *http;
    struct jwt_keys *keys;  /* fetched or pinned; freed by cognito_close */
    bool keys_pinned;       /* from jwks_file: never fetched */
    const char *ip_address; /* UserContextData.IpAddress, or NULL */
    const struct json *metadata; /* ClientMetadata, or NULL */
    const struct secret *typed;  /* never repeated from an answer; or NULL */
    unsigned int requests;       /* POSTs made, for the log */
    struct json *ahead;          /* a request that was sent ahead, or NULL */
    /*
     * Is told of every exchange when it is over, that for the keys ("jwks")
     * too, before the caller sees the answer. NULL: nobody is.
     */
    void (*observe)(void *observer, const char *operation,
                    const struct cognito_answer *answer);
    void *observer;
    /* Is told when a request will be sent again, after a wait; or NULL. */
    void (*repeat)(void *repeater, const char *operation,
                   unsigned int waited_ms);
    void *repeater;
};

/* A member of AuthParameters or ChallengeResponses. */
struct cognito_field {
    const char *name;
    const char *value;
};

/* Frees the keys and what was sent ahead; the rest is the caller's. */
void cognito_close(struct cognito *cognito);

/*
 * Sign-in. fields must hold USERNAME. STATUS_OK means an HTTP 200 with a
 * readable object and either a challenge or a result or both: what that is
 * worth is for the caller to decide. An answer with neither is
 * STATUS_UNREADABLE.
 */
enum status cognito_initiate_auth(struct cognito *cognito, enum auth_flow flow,
                                  const struct cognito_field *fields,
                                  size_t count,
                                  struct cognito_answer *answer_out);

/*
 * InitiateAuth ahead of the person's answer: cognito_initiate_ahead sends it
 * and returns, cognito_take_ahead brings the answer as cognito_initiate_auth
 * would, but that it is not sent again. STATUS_UNAVAILABLE: nothing was sent,
 * or the answer, if there is any, comes or came too late (http_post_await) and
 * is thrown away.
 */
enum status cognito_initiate_ahead(struct cognito *cognito,
                                   enum auth_flow flow,
                                   const struct cognito_field *fields,
                                   size_t count);
enum status cognito_take_ahead(struct cognito *cognito, int64_t max_age_ms,
                               struct cognito_answer *answer_out);

/* session may be empty (PASSWORD_VERIFIER after USER_SRP_AUTH has none). */
enum status cognito_respond(struct cognito *cognito, const char *challenge,
                            const struct secret *session,
                            const struct cognito_field *fields, size_t count,
                            struct cognito_answer *answer_out);

/*
 * The others. STATUS_OK means an HTTP 200: with an object in answer_out->body
 * where the service says something (where a code was sent, who somebody is, a
 * key), else with one or nothing. What it holds the caller reads. Faults of
 * the network are http_post_finish's, errors of the service error.h's.
 */
enum status cognito_change_password(struct cognito *cognito,
                                    const struct secret *access_token,
                                    const struct secret *previous,
                                    const struct secret *proposed,
                                    struct cognito_answer *answer_out);

enum status cognito_forgot_password(struct cognito *cognito,
                                    const char *username,
                                    struct cognito_answer *answer_out);

enum status cognito_confirm_forgot_password(struct cognito *cognito,
                                            const char *username,
                                            const char *code,
                                            const struct secret *password,
                                            struct cognito_answer *answer_out);

/* attributes: pairs of name and value, count of them. */
enum status cognito_sign_up(struct cognito *cognito, const char *username,
                            const struct secret *password,
                            const struct cognito_field *attributes,
                            size_t count, struct cognito_answer *answer_out);

enum status cognito_confirm_sign_up(struct cognito *cognito,
                                    const char *username, const char *code,
                                    struct cognito_answer *answer_out);

enum status cognito_resend_code(struct cognito *cognito, const char *username,
                                struct cognito_answer *answer_out);

enum status cognito_get_user(struct cognito *cognito,
                             const struct secret *access_token,
                             struct cognito_answer *answer_out);

/* Exactly one of access_token and session is given; the other is NULL. */
enum status cognito_associate_software_token(
    struct cognito *cognito, const struct secret *access_token,
    const struct secret *session, struct cognito_answer *answer_out);

enum status cognito_verify_software_token(struct cognito *cognito,
                                          const struct secret *access_token,
                                          const struct secret *session,
                                          const char *code,
                                          const char *device_name,
                                          struct cognito_answer *answer_out);

/* Makes a second factor the preferred one; STATUS_INTERNAL for another. */
enum status cognito_prefer_mfa(struct cognito *cognito,
                               const struct secret *access_token,
                               enum challenge factor,
                               struct cognito_answer *answer_out);

/* The client secret goes along in plain, as the service wants it here. */
enum status cognito_revoke_token(struct cognito *cognito,
                                 const struct secret *refresh_token,
                                 struct cognito_answer *answer_out);

/*
 * Checks an ID token against the pool's keys, fetching them when they are
 * not there and once more when they lack the token's kid. STATUS_OK:
 * *claims_out (json_free it). STATUS_KEYS: no keys to be had, or the pinned
 * ones lack the kid. STATUS_TOKEN: refused. why_out, of JWT_WHY_SIZE bytes,
 * says why, printable.
 */
enum status cognito_check_id_token(struct cognito *cognito,
                                   const struct secret *id_token, int64_t now,
                                   struct json **claims_out, char *why_out);

#endif
