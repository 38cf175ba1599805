/*
 * Prints lines for people or JSON for scripts. Asks the environment about
 * colours, and nothing else does.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/output.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/config.h"

/* What the code of an authenticator app takes, with the words around it. */
static const struct winsize blocks = {.ws_col = 41, .ws_row = 24};
static const struct winsize colours = {.ws_col = 82, .ws_row = 45};

static bool
is_utf8(void)
{
    locale_t own = newlocale(LC_CTYPE_MASK, "", (locale_t) 0);
    bool is;

    if (own == (locale_t) 0)
        return false;
    is = strcmp(nl_langinfo_l(CODESET, own), "UTF-8") == 0;
    freelocale(own);
    return is;
}

/* Does it say what it is, and that it is more than a printer? */
static bool
is_capable(const char *term)
{
    return term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

const char *
output_no_drawing(int fd, enum output_drawing drawing)
{
    const struct winsize *least = drawing == DRAWING_ANSI ? &colours : &blocks;
    struct winsize size = {0};

    (void) ioctl(fd, TIOCGWINSZ, &size);
    if (drawing == DRAWING_NONE)
        return "none is wanted";
    if (!is_capable(getenv("TERM")))
        return "TERM says that the terminal cannot";
    /* A terminal that does not know its size has 0. */
    if ((size.ws_col != 0 && size.ws_col < least->ws_col)
        || (size.ws_row != 0 && size.ws_row < least->ws_row))
        return drawing == DRAWING_ANSI
                   ? "it needs a terminal of 82 columns and 45 lines"
                   : "it needs a terminal of 41 columns and 24 lines";
    return drawing == DRAWING_FITTING && !is_utf8() ? "the locale is not UTF-8"
                                                    : NULL;
}

void
output_init(struct output *output, bool json)
{
    const char *no_color = getenv("NO_COLOR");

    output->json = json;
    output->colour = !json && isatty(STDOUT_FILENO) == 1
                     && (no_color == NULL || no_color[0] == '\0')
                     && is_capable(getenv("TERM"));
}

const char *
output_begin(const struct output *output, enum output_tone tone)
{
    if (!output->colour)
        return "";
    switch (tone) {
    case TONE_GOOD:
        return "\033[32m";
    case TONE_WARNING:
        return "\033[33m";
    case TONE_BAD:
        return "\033[1;31m";
    case TONE_FAINT:
        return "\033[2m";
    case TONE_STRONG:
        return "\033[1m";
    case TONE_PLAIN:
        break;
    }
    return "";
}

const char *
output_end(const struct output *output)
{
    return output->colour ? "\033[0m" : "";
}

void
output_line(const struct output *output, enum output_tone tone,
            const char *format, ...)
{
    va_list arguments;

    if (output->json)
        return;
    (void) fputs(output_begin(output, tone), stdout);
    va_start(arguments, format);
    (void) vprintf(format, arguments);
    va_end(arguments);
    if (tone != TONE_PLAIN)
        (void) fputs(output_end(output), stdout);
    (void) putchar('\n');
    /* A person watches how far it got. */
    (void) fflush(stdout);
}

void
output_object(const struct output *output, struct json *object, bool whole)
{
    struct secret text = {0};

    if (output->json && whole && json_print(object, &text)) {
        (void) puts(text.data);
        (void) fflush(stdout);
    }
    secret_free(&text);
    json_free(object);
}

bool
output_meant(const char *mark, const char *typed,
             const char *(*name_of)(size_t index))
{
    unsigned int least = CONFIG_SLIPS_MAX + 1;
    const char *name, *meant = NULL;
    char word[64];

    (void) snprintf(word, sizeof(word), "%.*s", (int) strcspn(typed, "="),
                    typed);
    for (size_t i = 0; (name = name_of(i)) != NULL; i++) {
        unsigned int slips = config_slips(word, name);

        /* Something else is wrong with it. */
        if (slips == 0)
            return false;
        if (slips < least) {
            least = slips;
            meant = name;
        }
    }
    if (meant != NULL)
        output_error("did you mean %s%s?", mark, meant);
    return meant != NULL;
}

void
output_error(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    int length;

    (void) fflush(stdout);
    va_start(arguments, format);
    length = vasprintf(&text, format, arguments);
    va_end(arguments);
    /* All at once: a beginning looks like a question. */
    (void) fprintf(stderr, "pam-cognito: %s\n",
                   length < 0 ? "out of memory" : text);
    if (length >= 0)
        free(text);
}

bool
output_finish(void)
{
    bool done = fflush(stdout) == 0 && ferror(stdout) == 0;

    if (!done)
        output_error("cannot write to standard output");
    return done;
}
