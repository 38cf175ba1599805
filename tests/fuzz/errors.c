/*
 * Fuzz target: an error of the service: its type as received, its message and
 * the HTTP status, one a line. None is a success, and a name that the table
 * does not have is a denial.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <string.h>

#include "cognito/error.h"
#include "fuzz.h"

static bool
is_known(const char *code)
{
    size_t count;
    const struct error_row *rows = error_rows(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].code, code) == 0)
            return true;
    return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char names[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz0123456789.";
    char *text = malloc(size + 1), *rest = text, *type, *message, *number;
    char code[64];
    enum status status;
    long http;

    MUST(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    type = strsep(&rest, "\n");
    message = rest == NULL ? text + size : strsep(&rest, "\n");
    number = rest == NULL ? text + size : strsep(&rest, "\n");
    http = strtol(number, NULL, 10);
    error_code(type, code, sizeof(code));
    MUST(strspn(code, names) == strlen(code));
    status = error_status(code, message, http);
    MUST(status != STATUS_OK && status < STATUS_COUNT);
    if (code[0] != '\0' && !is_known(code))
        MUST(status
             == (http == 429                  ? STATUS_THROTTLED
                 : http >= 500 && http <= 599 ? STATUS_SERVER
                                              : STATUS_UNKNOWN_ERROR));
    free(text);
    return 0;
}
