/*
 * Looking for each secret of a request in what came back. It only finds them:
 * what is withheld then is answer.c's to say.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cognito/echo.h"

#include <string.h>
#include <strings.h>

#include "cognito/error.h"
#include "cognito/vocabulary.h"

#define ECHO_MIN 6         /* shorter values stand in messages by chance */
#define CLIENT_ID_USUAL 32 /* characters; those of AWS have 26 */

struct echo {
    const char *text;
    bool found;
};

/* Is this member one that may be repeated? */
static bool
is_public(const char *key)
{
    static const char *const names[] = {
        "Username", "USERNAME",      "ClientId",
        "AuthFlow", "ChallengeName", "FriendlyDeviceName",
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(key, names[i]) == 0)
            return true;
    return false;
}

static bool
find_echo(const char *key, const char *value, void *context)
{
    struct echo *echo = context;
    /* A secret in the place of the client ID: those are shorter. */
    bool shown = is_public(key)
                 && (strcmp(key, "ClientId") != 0
                     || strlen(value) <= CLIENT_ID_USUAL);

    echo->found = !shown && strlen(value) >= ECHO_MIN
                  && strstr(echo->text, value) != NULL;
    return !echo->found;
}

bool
echo_in_text(const struct secret *typed, const struct json *request,
             const char *text)
{
    static const char usual[] = "Incorrect username or password.";
    struct echo echo = {.text = text};

    /* With or without its full stop, and nothing else. */
    if (strcasecmp(text, usual) == 0
        || (strlen(text) == sizeof usual - 2
            && strncasecmp(text, usual, sizeof usual - 2) == 0))
        return false;
    if (typed != NULL && typed->data != NULL)
        (void) find_echo("", typed->data, &echo);
    if (!echo.found)
        json_each_text(request, find_echo, &echo);
    if (!echo.found)
        json_each_text(json_object(request, "AuthParameters"), find_echo,
                       &echo);
    if (!echo.found)
        json_each_text(json_object(request, "ChallengeResponses"), find_echo,
                       &echo);
    return echo.found;
}

bool
echo_in_name(const struct secret *typed, const struct json *request,
             const char *name)
{
    return vocabulary_named(name) == CHALLENGE_UNKNOWN && !error_is_known(name)
           && echo_in_text(typed, request, name);
}
