/*
 * THE table of the words of signing in: challenges, the factors among them,
 * and flows; the service's words, our settings' and what a person reads. No
 * other file writes or compares one of the service's. It knows what may
 * answer a challenge and what may follow, not who does (flows/challenge.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_VOCABULARY_H
#define PAM_COGNITO_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>

#define VOCABULARY_LIST_MAX 160 /* bytes of what vocabulary_list writes */

/* What an answer of the service may hold: a result or challenges of a kind. */
enum next {
    NEXT_RESULT = 1 << 0,
    NEXT_MFA = 1 << 1, /* a second factor, or its choice */
    NEXT_NEW_PASSWORD = 1 << 2,
    NEXT_VERIFIER = 1 << 3, /* the proof that follows SRP_A */
    NEXT_CUSTOM = 1 << 4,
    NEXT_SELECT = 1 << 5, /* the choice of a first factor */
    NEXT_FIRST = 1 << 6,  /* a code as the first factor */
    NEXT_PASSWORD = 1 << 7,
    NEXT_SRP = 1 << 8,
    NEXT_SET_UP = 1 << 9, /* a second factor must be set up */
    NEXT_AFTER_PASSWORD = NEXT_RESULT | NEXT_MFA | NEXT_SET_UP
                          | NEXT_NEW_PASSWORD
};

/* By what a challenge is answered. */
enum answer {
    ANSWER_NOTHING, /* it is denied by its name */
    ANSWER_CODE,
    ANSWER_PASSWORD,
    ANSWER_SRP,      /* SRP_A */
    ANSWER_VERIFIER, /* the proof by SRP */
    ANSWER_NEW_PASSWORD,
    ANSWER_FIRST,  /* the choice of a first factor */
    ANSWER_SECOND, /* the choice of a second factor */
    ANSWER_SET_UP,
    ANSWER_CUSTOM /* whatever the pool's own trigger asks */
};

/* In the order in which lists and menus have them. */
enum challenge {
    CHALLENGE_NONE, /* no word, or an empty one */
    CHALLENGE_PASSWORD,
    CHALLENGE_PASSWORD_SRP,
    CHALLENGE_SOFTWARE_TOKEN_MFA,
    CHALLENGE_SMS_MFA,
    CHALLENGE_EMAIL_OTP,
    CHALLENGE_SMS_OTP,
    CHALLENGE_PASSWORD_VERIFIER,
    CHALLENGE_NEW_PASSWORD,
    CHALLENGE_SELECT_FIRST,
    CHALLENGE_SELECT_SECOND,
    CHALLENGE_SET_UP,
    CHALLENGE_CUSTOM,
    CHALLENGE_PASSKEY,
    CHALLENGE_DEVICE_SRP,
    CHALLENGE_DEVICE_VERIFIER,
    CHALLENGE_ADMIN,
    CHALLENGE_UNKNOWN, /* a word that is not in the table */
    CHALLENGE_COUNT
};

/* A row. NULL stands for "none" in every column but the first. */
struct challenge_row {
    const char *word;       /* the service's, in ChallengeName and in lists */
    const char *prose;      /* what a list may call it besides */
    const char *field;      /* of ChallengeResponses: where the answer goes */
    const char *setting;    /* a first factor, as preferred_factor names it */
    const char *method;     /* a second factor, as pam-cognito names it */
    const char *preference; /* where SetUserMFAPreference has it */
    const char *choice;     /* what menus and prompts call it */
    enum answer answer;
    unsigned int kinds; /* bits of enum next: what it counts as */
    unsigned int next;  /* what may come after it was answered; 0: that
                           depends on the answer */
    bool second;        /* answered after the password: a second factor */
};

/* The settings of auth_flow; two of them may be one flow of the service's. */
enum auth_flow {
    AUTH_FLOW_PASSWORD,
    AUTH_FLOW_SRP,
    AUTH_FLOW_CHOICE,
    AUTH_FLOW_CUSTOM,
    AUTH_FLOW_CUSTOM_SRP,
    AUTH_FLOW_COUNT
};

struct auth_flow_row {
    const char *setting;
    const char *word;    /* the service's, in AuthFlow */
    const char *first;   /* CHALLENGE_NAME, or NULL */
    enum challenge with; /* the factor whose answer goes along, or none */
    unsigned int next;   /* bits of enum next: what may come; of a choice,
                            when nothing goes along */
};

/* The row of a challenge; that of NONE and UNKNOWN is empty. */
const struct challenge_row *vocabulary_challenge(enum challenge challenge);

/*
 * Which challenge a word is, CHALLENGE_UNKNOWN for one that is not there; NULL
 * and "" are CHALLENGE_NONE. vocabulary_named: as ChallengeName has it;
 * vocabulary_offered: as a list of second factors may, which takes the
 * service's prose too; vocabulary_factor: as preferred_factor has it;
 * vocabulary_method: as pam-cognito mfa has it.
 */
enum challenge vocabulary_named(const char *word);
enum challenge vocabulary_offered(const char *word);
enum challenge vocabulary_factor(const char *setting);
enum challenge vocabulary_method(const char *method);

const struct auth_flow_row *vocabulary_flow(enum auth_flow flow);

/* As auth_flow has it; AUTH_FLOW_COUNT for what is none of its words. */
enum auth_flow vocabulary_flow_named(const char *setting);

/* The first setting with the same flow of the service's. */
enum auth_flow vocabulary_flow_base(enum auth_flow flow);

/* The words of a setting or of the tool. */
enum vocabulary { VOCABULARY_FLOWS, VOCABULARY_FACTORS, VOCABULARY_METHODS };

/* Writes them in order, between them and before the last what is given. */
void vocabulary_list(enum vocabulary which, const char *between,
                     const char *last, char out[VOCABULARY_LIST_MAX]);

#endif
