/*
 * What a person does with an account: signing in, changing the password,
 * signing up, confirming, resetting a password by code, setting up an
 * authenticator app.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNT_H
#define PAM_COGNITO_ACCOUNT_H

#include "flows/sign_in.h"

enum account_dialogue {
    /* Signs in: STATUS_OK as sign_in_flow has it. */
    ACCOUNT_SIGN_IN,
    /* Signs in, then ChangePassword; see change.h. */
    ACCOUNT_CHANGE_PASSWORD,
    /*
     * Signs in, sets up an authenticator app (unless the pool had that done
     * on the way) and makes it the preferred second factor. Where the pool
     * demands a factor it needs mfa_setup.
     */
    ACCOUNT_ENROLL_APP,
    /*
     * SignUp with a new password and request->attributes. A password that
     * the pool's rules refuse is asked for again.
     */
    ACCOUNT_SIGN_UP,
    /* ConfirmSignUp; "new" for a code has another one sent. */
    ACCOUNT_CONFIRM,
    /* ResendConfirmationCode and ForgotPassword: nothing is asked. */
    ACCOUNT_RESEND_CODE,
    ACCOUNT_FORGOT_PASSWORD,
    /* ConfirmForgotPassword: the code, then the new password. */
    ACCOUNT_SET_FORGOTTEN
};

/*
 * Has that dialogue with the person. STATUS_OK: it is done; outcome.person
 * says where a code was sent, or is empty. sign_in_free the result.
 */
void account_run(enum account_dialogue dialogue, struct cognito *cognito,
                 struct talk *talk, const struct config *config,
                 const struct sign_in_request *request,
                 struct sign_in_result *result_out);

#endif
