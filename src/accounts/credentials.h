/*
 * AWS credentials for reading the pool's people, from the first place that
 * has any: the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
 * AWS_SESSION_TOKEN), a profile of root's shared credentials file, the
 * container's endpoint (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI),
 * the instance's metadata, version 2 only. AWS_PROFILE and
 * AWS_SHARED_CREDENTIALS_FILE are not asked: settings name file and profile.
 * No program is run for them, and nothing is written. No message holds a part
 * of them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ACCOUNTS_CREDENTIALS_H
#define PAM_COGNITO_ACCOUNTS_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/file.h"
#include "common/secret.h"
#include "common/status.h"

#define CREDENTIALS_MESSAGE_MAX 512 /* bytes of a message with its NUL */
#define CREDENTIALS_SPARE_S 60      /* so long before they expire: renew */

/* Where to look. Borrowed by what was found, until credentials_free. */
struct credentials_options {
    const char *file;    /* absolute path of the shared credentials file */
    const char *profile; /* of that file */
    bool is_chosen;      /* somebody set one of the two: both must be there */
    struct file_trust trust; /* who may own files; private is not looked at */
};

enum credentials_source {
    CREDENTIALS_NONE,
    CREDENTIALS_ENVIRONMENT,
    CREDENTIALS_FILE,
    CREDENTIALS_CONTAINER,
    CREDENTIALS_INSTANCE
};

/* Initialise with {0}, credentials_free in every case. */
struct credentials {
    enum credentials_source source;
    struct secret id;    /* AKIA..., ASIA... */
    struct secret key;   /* that signs */
    struct secret token; /* of a session; empty for a user's keys */
    int64_t expires;     /* Unix seconds; 0: nothing is known of an end */
    char from[256];      /* in words: "profile default of /root/..." */
    char warning[256];   /* what was passed over, such as credential_process;
                            or "" */
    const struct credentials_options *options;
};

/*
 * Looks for credentials; what was held before is wiped. At most 10 seconds.
 * STATUS_CONFIG: there are none, or the first place that has some has half of
 * them, or cannot be trusted; STATUS_CONNECT, STATUS_TIMEOUT, STATUS_SERVER,
 * STATUS_UNREADABLE ...: the place that is there does not give them;
 * STATUS_MEMORY. message_out (CREDENTIALS_MESSAGE_MAX bytes) is one sentence
 * that says what to do then, printable.
 */
enum status credentials_find(const struct credentials_options *options,
                             struct credentials *credentials,
                             char message_out[CREDENTIALS_MESSAGE_MAX]);

/*
 * Looks once more, with the same options: for those that expire, or of which
 * the service says that they have. What was held stays when it fails.
 */
enum status credentials_renew(struct credentials *credentials,
                              char message_out[CREDENTIALS_MESSAGE_MAX]);

/* Will they have expired in CREDENTIALS_SPARE_S? now: Unix seconds. */
bool credentials_expire(const struct credentials *credentials, int64_t now);

/* Is a part of them in that text? Then nobody may read it. */
bool credentials_are_in(const struct credentials *credentials,
                        const char *text);

/* Wipes and frees; {0} again. */
void credentials_free(struct credentials *credentials);

#endif
