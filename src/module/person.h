/*
 * The person at the host: answers what a flow asks by PAM's conversation, by
 * what the stack holds or, where nobody is to be asked, by what is known here.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_PERSON_H
#define PAM_COGNITO_PERSON_H

#include <stdbool.h>

#include "common/secret.h"
#include "common/status.h"
#include "common/text.h"
#include "common/wire.h"
#include "flows/talk.h"
#include "module/call.h"

/* One person in one dialogue; starts zeroed but for call and operation. */
struct person {
    struct call *call; /* the one being served now */
    enum wire_operation operation;
    struct secret password;  /* the answer to the next TALK_PASSWORD, if any */
    struct secret renewed;   /* the answer to the last TALK_NEW_PASSWORD */
    struct secret early;     /* that of the next, asked for before its time */
    char why[TEXT_LINE_MAX]; /* of STATUS_NO_DIALOGUE, for the log */
    bool password_taken;     /* a TALK_PASSWORD was answered */
    bool stack_taken;        /* the stack's new password was used */
};

/* Is somebody going to be asked for the password? */
bool person_will_be_prompted(const struct person *person);

/*
 * Does a question of this kind wait for somebody? An answer that is known here
 * costs no time.
 */
bool person_is_asked(const struct person *person, enum talk_kind kind);

/*
 * Does what a question of this kind wants; the prompt is cleaned. STATUS_OK
 * with an answer, which the caller frees. STATUS_NO_DIALOGUE: with why.
 */
enum status person_answer(struct person *person, enum talk_kind kind,
                          const char *prompt, struct secret *answer_out);

/*
 * Shows a drawing of several lines where it can look right. What a person
 * needs stands in the prompt that follows as well.
 */
void person_show_block(const struct person *person, const char *text);

/* Wipes and frees what was answered. */
void person_free(struct person *person);

#endif
