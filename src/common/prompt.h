/*
 * Every prompt, and every sentence that stands before one: for people, in the
 * words of the field (MFA's code is a verification code to them). A prompt ends
 * in "password: " if and only if a password is typed there unseen, for expect
 * scripts and password managers type it where they read that; the words for a
 * password are Linux-PAM's. What a refusal says is in reason.def.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_PROMPT_H
#define PAM_COGNITO_PROMPT_H

/* Prompts; tests/docs/prompts has them all. */
#define PROMPT_PASSWORD "Password: "
#define PROMPT_CURRENT                                                        \
    "Changing the user pool password of %.64s. Current password: "
#define PROMPT_CURRENT_ROOT                                                   \
    "Changing the user pool password of %.64s, which is wanted even from "    \
    "root. Current password: "
#define PROMPT_NEW "New password: "
#define PROMPT_RETYPE "Retype new password: "
#define PROMPT_CODE "Verification code (%s%s%.64s): "
#define PROMPT_RESET_CODE "Verification code (password reset%s%s): "
#define PROMPT_APP_CODE "Key %s. Verification code (authenticator app): "
#define PROMPT_CONFIRMATION "Confirmation code (\"new\" sends another): "
#define PROMPT_FIRST "Sign in by:%s. Number: "
#define PROMPT_SECOND "Get the code by:%s. Number: "
#define PROMPT_SET_UP "Set up:%s. Number: "
#define PROMPT_ADDRESS "Send codes to e-mail address: "
#define PROMPT_ATTRIBUTE "Your %s: "
/* The pool's own question, or that it has none. */
#define PROMPT_CUSTOM "%.128s: "
#define PROMPT_ANSWER "Answer"

/* What stands before the next prompt. */
#define HINT_WRONG_CODE "Wrong code, try again."
#define HINT_WRONG_OR_OLD_CODE "Wrong or expired code, try again."
#define HINT_USED_CODE "Code already used, wait for the next one (up to 30 s)."
#define HINT_CODE_DIGITS "The code is %zu digits."
#define HINT_CODE_FROM_TO "A code is %zu to %zu digits."
#define HINT_CODE_SENT "A code was sent%s%s."
#define HINT_CODE_BEFORE "A code was sent not long ago, use that."
#define HINT_NUMBER "Type a number from 1 to %zu."
#define HINT_SET_UP "A second factor must be set up."
#define HINT_SCAN "Scan with your authenticator app, or type the key:"
#define HINT_CHOOSE_NEW "You must choose a new password."
#define HINT_SAME_PASSWORD "The new password must differ from the current one."
#define HINT_NO_MATCH "Sorry, passwords do not match."
#define HINT_NO_PASSWORD                                                      \
    "A password has at most 256 characters and no control characters."
#define HINT_NOT_ACCEPTED "Not accepted: %s"
#define HINT_NOT_CONFIRMED "Your account is not confirmed yet."
#define HINT_AGAIN "The sign-in had to start again."

/* Behind a refusal, beside reason.def's: where a password is changed. */
#define TOLD_WRONG_CURRENT "The current password is wrong."

#endif
