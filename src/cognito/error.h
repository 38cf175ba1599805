/*
 * Cognito's errors and what HTTP can do instead of an error, mapped to
 * enum status: THE table, which docs/errors.md shows and pam-cognito explains.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_ERROR_H
#define PAM_COGNITO_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "common/status.h"

/* One row of the table. */
struct error_row {
    const char *code;     /* "NotAuthorizedException", "HTTP 403" */
    const char *fragment; /* of the message, any case; behind a "=" it is the
                             whole one, but for a full stop; NULL: any */
    enum status status;
    const char *meaning; /* for an administrator, one sentence */
    const char *fix;     /* what usually helps, one sentence, or "" */
};

/*
 * The status of an error answer. code is the bare exception name ("" when
 * there was none), message the service's words, http the HTTP status. Rows
 * with a fragment come before the row of the same code without one. An
 * unknown code: by HTTP status (429, 5xx: unavailable), else
 * STATUS_UNKNOWN_ERROR, which is a denial. No code: the row of the HTTP
 * status ("HTTP 403", "HTTP 5xx", ...), else STATUS_UNREADABLE.
 */
enum status error_status(const char *code, const char *message, long http);

/* The row that a code and the service's words pick, or NULL. */
const struct error_row *error_row(const char *code, const char *message);

/* Has the table a row of that very code? */
bool error_is_known(const char *code);

/* The rows in order, for documentation and pam-cognito. */
const struct error_row *error_rows(size_t *count_out);

/*
 * Cuts an error type as received ("ns#Code:http://...") to the bare name in
 * code_out. Characters outside [A-Za-z0-9.] end it.
 */
void error_code(const char *received, char *code_out, size_t size);

#endif
