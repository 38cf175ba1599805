/*
 * The Test Anything Protocol for our unit tests: a line per check, the plan
 * at the end. A program that dies on the way has no plan, and so has failed.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_TAP_H
#define PAM_COGNITO_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAP_UNUSED __attribute__((unused))

static unsigned int tap_count;
static unsigned int tap_failures;

/* Prints a line that explains. */
__attribute__((format(printf, 1, 2))) TAP_UNUSED static void
diag(const char *format, ...)
{
    va_list arguments;

    printf("# ");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

/* One check with its description. Returns passed. */
__attribute__((format(printf, 2, 3))) TAP_UNUSED static bool
ok(bool passed, const char *format, ...)
{
    va_list arguments;

    tap_count++;
    tap_failures += !passed;
    printf("%s %u - ", passed ? "ok" : "not ok", tap_count);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
    return passed;
}

TAP_UNUSED static bool
is_text(const char *seen, const char *wanted, const char *what)
{
    bool same = seen == wanted
                || (seen != NULL && wanted != NULL
                    && strcmp(seen, wanted) == 0);

    ok(same, "%s", what);
    if (!same) {
        diag("  seen: %s", seen == NULL ? "(null)" : seen);
        diag("wanted: %s", wanted == NULL ? "(null)" : wanted);
    }
    return same;
}

TAP_UNUSED static bool
is_number(int64_t seen, int64_t wanted, const char *what)
{
    if (ok(seen == wanted, "%s", what))
        return true;
    diag("seen %jd, wanted %jd", (intmax_t) seen, (intmax_t) wanted);
    return false;
}

/* For what the test itself needs: without it there is nothing to test. */
TAP_UNUSED static void
need(bool there, const char *what)
{
    if (there)
        return;
    printf("Bail out! %s\n", what);
    exit(99);
}

/* Prints the plan. What main returns. */
TAP_UNUSED static int
done_testing(void)
{
    printf("1..%u\n", tap_count);
    return tap_failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
