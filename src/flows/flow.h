/*
 * One sign-in while it is under way: its state, and the steps that the files
 * of this folder take on it: asking, starting, answering, starting again.
 * Those that answer challenges know of each other nothing else.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_FLOW_H
#define PAM_COGNITO_FLOW_H

#include <stdbool.h>

#include "cognito/api.h"
#include "cognito/srp.h"
#include "common/config.h"
#include "common/secret.h"
#include "flows/sign_in.h"
#include "flows/talk.h"

#define FLOW_NAME_MAX 512  /* bytes of a pool user name; 128 characters */
#define FLOW_FIELDS_MAX 12 /* members of one ChallengeResponses */
#define FLOW_CODE_MIN 4    /* digits of a one-time code */
#define FLOW_CODE_MAX 10
#define FLOW_TRIES_MAX 3 /* times a person may answer unusably */
#define FLOW_CODES_MAX 5 /* wrong codes; the service locks out after them */

/* The menus; what was chosen from each is chosen again after a restart. */
enum flow_menu { MENU_FIRST, MENU_SECOND, MENU_SET_UP, MENU_COUNT };

struct flow {
    struct cognito *cognito;
    struct talk *talk;
    const struct config *config;
    const struct sign_in_request *request;
    struct sign_in_result *result;
    char sent[FLOW_NAME_MAX];      /* what Cognito was told as user name */
    char canonical[FLOW_NAME_MAX]; /* what it calls the user itself */
    struct secret password;        /* until the conversation is over */
    struct secret appended_code;   /* otp=append: cut off the password */
    struct srp *srp;
    struct cognito_answer answer;      /* the latest good one */
    unsigned int next;                 /* bits of enum next: what it may be */
    enum challenge chosen[MENU_COUNT]; /* what was picked from each menu */
    char hint[160];                    /* goes in front of the next prompt */
    char delivery[80];    /* where the last code was sent, "e-mail to a***" */
    unsigned int answers; /* of the person, the first included */
    bool no_sign_in;      /* account.c: no password is asked for */
    bool or_code;         /* nothing for a password asks for a code */
    bool code_permitted;  /* talk said yes, and none was sent yet */
    bool password_proved; /* the service has checked the password */
    bool second_factor_done;
    enum challenge new_factor; /* set up in this very conversation */
    bool renewed;              /* the password was replaced on the way */
    bool was_reset;            /* by a reset: a change needs no sign-in */
    bool changing;             /* change.c: the person wants a new one */
    bool announced;            /* talk->ready was called */
    bool recovered;            /* a reset or confirmation was tried */
    bool restarted;            /* InitiateAuth was sent a second time */
    unsigned int rounds;       /* challenges answered */
};

/* Writes a line for the log into the result. */
void flow_say_why(struct flow *flow, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Sets the hint; the pool's words may be part of it. */
void flow_hint(struct flow *flow, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Asks with the hint, if any, in front of the prompt: every fact a person
 * needs stands in the prompt itself, because hosts show other lines late or
 * never. The hint is used up. STATUS_CANCELLED: the person gave up, also by
 * typing nothing. STATUS_NO_DIALOGUE: the host can ask for the password only
 * and answers what else is asked with the password (sshd's password method),
 * with the user's name or with nothing; that must not go where an answer
 * would.
 */
enum status flow_ask(struct flow *flow, enum talk_kind kind,
                     const char *prompt, struct secret *answer_out);

/*
 * Asks for a code and cuts out blanks, as people type them. STATUS_BAD_INPUT,
 * with a hint: not min to max digits.
 */
enum status flow_ask_code(struct flow *flow, const char *prompt, size_t min,
                          size_t max, struct secret *code_out);

/*
 * Gets what the answer to a factor by password is made of: the password, asked
 * for unless it is there already, and for SRP a fresh exponent.
 */
enum status flow_need(struct flow *flow, enum challenge factor);

/* That answer as a member of a request; it borrows from the flow. */
struct cognito_field flow_input(const struct flow *flow,
                                enum challenge factor);

/*
 * Starts (again) with the flow that auth_flow names; fills flow->answer.
 * STATUS_CONFIG when it names none.
 */
enum status flow_initiate(struct flow *flow);

/*
 * Answers the challenge in flow->answer with its name, USERNAME and fields.
 * A good answer replaces flow->answer; an error leaves it, so that the same
 * session can be answered again.
 */
enum status flow_respond(struct flow *flow, const struct cognito_field *fields,
                         size_t count);

/* The same with one answer, where the challenge's row has it. */
enum status flow_respond_with(struct flow *flow, const char *value);

/*
 * For an expired session or code after a correct password: InitiateAuth once
 * more in this conversation, else status unchanged. Nothing else that the
 * service may have processed is ever sent twice.
 */
enum status flow_restart(struct flow *flow, enum status status);

/* For cognito->repeat; context is the flow. The person is told nothing. */
void flow_log_repeat(void *context, const char *operation,
                     unsigned int waited_ms);

/* Counts an answer for the log and takes over what it says. */
void flow_note(struct flow *flow, const struct cognito_answer *answer);

/* The same and frees it, where nothing but its status is wanted: that. */
enum status flow_finish(struct flow *flow, struct cognito_answer *answer);

/*
 * In a change of password, once: the old one is proved, or the code of a reset
 * is there, and nothing is changed in the pool before talk->ready returns.
 * Elsewhere nothing.
 */
enum status flow_announce(struct flow *flow);

/*
 * May a code be sent without proof of the password? What talk said yes to is
 * good for one: flow->code_permitted is the caller's to clear when a request
 * that sends was made. Else STATUS_CODE_LIMIT or STATUS_UNAVAILABLE.
 */
enum status flow_permit_code(struct flow *flow);

/* Sets what the person is told at the end, instead of the status's words. */
void flow_tell_person(struct flow *flow, const char *text);

/* Keeps where the code of an answer was sent, and says it in the hint. */
void flow_hint_delivery(struct flow *flow,
                        const struct cognito_answer *answer);

/*
 * Has a code sent by the operation given, if talk permits one now; the hint
 * says where it went. When one was sent a short while ago: STATUS_CODE_LIMIT
 * or, where that one will do, STATUS_OK and a hint. STATUS_UNAVAILABLE where
 * codes cannot be counted; else what the service says.
 */
enum status flow_send_code(
    struct flow *flow,
    enum status (*operation)(struct cognito *cognito, const char *username,
                             struct cognito_answer *answer_out),
    bool one_will_do);

/* Cuts blanks out of what was typed; is the rest min to max digits? */
bool flow_is_code(struct secret *code, size_t min, size_t max);

/* A parameter of the challenge, or NULL. */
const char *flow_parameter(const struct flow *flow, const char *name);

#endif
