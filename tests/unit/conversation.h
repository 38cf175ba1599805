/*
 * A made-up service and a made-up person for the property test of the flows:
 * random but repeatable, and remembered in a record that the oracle reads.
 * It knows the protocol and the tokens, nothing of the flows under test.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_CONVERSATION_H
#define PAM_COGNITO_CONVERSATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/secret.h"
#include "flows/talk.h"

#define POOL_ID "eu-west-1_Prop00001"
#define CLIENT_ID "propertyclient0000000000001"
#define CLIENT_SECRET "1kq0v9d8c7b6a5z4y3x2w1v0u9t8s7r6q5p4o3n2m1l0k9j8h7g"
#define ISSUER "https://cognito-idp.eu-west-1.amazonaws.com/" POOL_ID
#define PERSONS 3
#define REQUESTS_MAX 128
#define SECRETS_MAX 256
#define TEXT_SIZE 64

/* ---- Chance: the same sequence for the same seed ---- */

void chance_seed(uint64_t seed);
uint32_t chance_below(uint32_t bound);
bool chance_percent(unsigned int percent);

/* ---- Tokens, signed once with a key made for this run ---- */

enum token_kind {
    TOKEN_GOOD, /* the person's own, in the group staff */
    TOKEN_NO_GROUP,
    TOKEN_UNVERIFIED, /* the e-mail address is not verified */
    TOKEN_OK_KINDS,   /* from here on nobody may sign in with one */
    TOKEN_OTHER_USER = TOKEN_OK_KINDS,
    TOKEN_OTHER_CASE,
    TOKEN_NO_NAME,
    TOKEN_OTHER_CLIENT,
    TOKEN_OTHER_POOL,
    TOKEN_EXPIRED,
    TOKEN_NOT_YET,
    TOKEN_ACCESS,
    TOKEN_ALG_NONE,
    TOKEN_OTHER_KEY,
    TOKEN_UNKNOWN_KID,
    TOKEN_SPOILT,
    TOKEN_KINDS
};

extern const char *const person_names[PERSONS];

/* Makes the keys and all tokens. False: OpenSSL failed. */
bool tokens_make(void);
void tokens_free(void);
const char *token_text(size_t person, enum token_kind kind);
const char *tokens_jwks(void);

/* ---- What happened in one conversation ---- */

struct exchange {
    char target[64]; /* the operation */
    char *request;   /* its body */
    char *answer;    /* its body; NULL when none arrived */
    long code;       /* HTTP status, 0 when none */
    bool error_header;
    bool ahead;           /* sent while the person was being asked */
    bool dropped;         /* and given up: nobody read the answer */
    unsigned int permits; /* to send a code, given before */
};

struct record {
    struct exchange exchanges[REQUESTS_MAX];
    size_t count;
    bool too_many;
    unsigned int keys_fetched;
    unsigned int pauses; /* before something was sent again */
    unsigned int asks;
    unsigned int permits;                 /* to send a code, that were given */
    char secrets[SECRETS_MAX][TEXT_SIZE]; /* that the person typed */
    size_t secret_count;
    char password[TEXT_SIZE]; /* the first one typed, without a code */
    bool new_password_typed;
    char *lines; /* prompts, messages and log lines, one after another */
    size_t lines_length;
    bool bad_prompt;
};

extern struct record record;
void record_clear(void);

/* ---- The two sides ---- */

/* A challenge as the service and the oracle know it. */
struct known_challenge {
    const char *name;
    const char *code; /* the field for its code, or NULL */
    bool second;      /* a code that counts as a second factor */
    bool first;       /* a code that may stand for the password */
    bool denied;      /* nobody answers it */
};

/* The list; NULL behind its end. */
const struct known_challenge *known_challenge(size_t at);
const struct known_challenge *known_named(const char *name);

/* What the next conversation is about. */
struct scene {
    size_t person;
    bool append;        /* otp=append: a code behind the password */
    unsigned int chaos; /* how much the answers are tampered with */
    const char *stuck;  /* the challenge that comes again and again, or NULL */
};

extern struct scene scene;

/* The person. */
extern struct talk person_talk;

/* Writes the service's next answer; the service's own idea of what follows
 * the request. Returns the HTTP status, 0 for none at all. */
long service_answer(const char *operation, const char *request,
                    struct secret *body_out, bool *error_header_out);

#endif
