/*
 * The profile's first line of README, which authselect lists it with, names
 * the one that it was made from.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "setup/authselect.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/run.h"
#include "setup/put.h"

#define PROGRAM "/usr/bin/authselect"
#define PROFILE "custom/" PREPARE_PROFILE
#define FOLDER "/etc/authselect/" PROFILE
#define FEATURE "with-" PREPARE_PROFILE
#define TITLE "Amazon Cognito beside "
#define SED "/usr/bin/sed -i"
/*
 * Below the line that refuses who has failed too often. Where failures count, a
 * refusal by the user pool does, and nobody is asked after it.
 */
static const char insertion[]
    = "/^auth .*pam_faillock.so preauth/a auth [success=done "
      "user_unknown={if \"with-faillock\":2|ignore} "
      "module_unknown={if \"with-faillock\":2|ignore} "
      "default={if \"with-faillock\":ignore|die}] "
      "pam_cognito.so only_group=" PREPARE_GROUP " {include if \"" FEATURE
      "\"}"
      "\\nauth required pam_faillock.so authfail"
      " {include if \"" FEATURE "\" and \"with-faillock\"}"
      "\\nauth requisite pam_deny.so"
      " {include if \"" FEATURE "\" and \"with-faillock\"}";

/* The first line, if it is one or more words that need no quotes. */
static bool
take_words(const struct secret *text, char words_out[AUTHSELECT_SIZE])
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./- ";
    size_t length = text->data == NULL ? 0 : strcspn(text->data, "\n");

    if (length == 0 || length >= AUTHSELECT_SIZE
        || strspn(text->data, plain) != length)
        return false;
    memcpy(words_out, text->data, length);
    words_out[length] = '\0';
    return true;
}

bool
authselect_current(char current_out[AUTHSELECT_SIZE])
{
    char program[] = PROGRAM, command[] = "current", option[] = "--raw";
    char *const words[] = {program, command, option, NULL};
    struct secret output = {0};
    bool managed = access(PROGRAM, X_OK) == 0
                   && run_program(words, PREPARE_PROGRAM_MS, &output)
                   && take_words(&output, current_out);

    secret_free(&output);
    return managed;
}

bool
authselect_is_ours(const char *current)
{
    size_t length = strcspn(current, " ");

    return length == strlen(PROFILE) && strncmp(current, PROFILE, length) == 0;
}

enum step_state
authselect_say(struct prepare *prepare, const char *current)
{
    int length = (int) strcspn(current, " ");

    if (authselect_is_ours(current)) {
        prepare_command(prepare, PROGRAM " enable-feature " FEATURE);
        return prepare_say(prepare, STEP_HAND,
                           "switch the feature " FEATURE
                           " of your authselect profile on");
    }
    if (access(FOLDER, F_OK) < 0) {
        prepare_command(prepare,
                        PROGRAM " create-profile " PREPARE_PROFILE
                                " --base-on=%.*s",
                        length, current);
        prepare_command(prepare, SED " '1c " TITLE "%.*s' " FOLDER "/README",
                        length, current);
        prepare_command(prepare,
                        SED " '%s' " FOLDER "/system-auth " FOLDER
                            "/password-auth",
                        insertion);
    }
    prepare_command(prepare, PROGRAM " select " PROFILE "%s " FEATURE,
                    current + length);
    return prepare_say(prepare, STEP_HAND,
                       "make an authselect profile of your own, which "
                       "updates leave alone");
}

static bool
find_base(char base_out[AUTHSELECT_SIZE])
{
    char error[PREPARE_TEXT_MAX];
    struct secret text = {0};
    const size_t length = strlen(TITLE);
    bool found = put_read(FOLDER "/README", false, &text, error, sizeof(error))
                 && take_words(&text, base_out)
                 && strncmp(base_out, TITLE, length) == 0
                 && strchr(base_out + length, ' ') == NULL;

    if (found)
        memmove(base_out, base_out + length, strlen(base_out + length) + 1);
    secret_free(&text);
    return found;
}

enum step_state
authselect_say_back(struct prepare *prepare, const char *current)
{
    char base[AUTHSELECT_SIZE], others[AUTHSELECT_SIZE] = "";
    size_t used = 0;

    if (!find_base(base)) {
        prepare_command(prepare, PROGRAM " disable-feature " FEATURE);
        return prepare_say(prepare, STEP_HAND,
                           "switch the feature " FEATURE
                           " of your authselect profile off");
    }
    for (const char *at = current + strcspn(current, " "); *at == ' ';) {
        size_t length = 1 + strcspn(at + 1, " ");

        if (length != 1 + strlen(FEATURE)
            || strncmp(at + 1, FEATURE, length - 1) != 0) {
            memcpy(others + used, at, length);
            used += length;
            others[used] = '\0';
        }
        at += length;
    }
    prepare_command(prepare, PROGRAM " select %s%s", base, others);
    prepare_command(prepare, "/usr/bin/rm -r " FOLDER);
    return prepare_say(prepare, STEP_HAND,
                       "go back to the authselect profile %s", base);
}
