/*
 * Asking at the terminal. While the echo is off, signals that would end or
 * stop the program first give the terminal back as it was.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/output.h"
#include "common/clock.h"
#include "common/text.h"

#define ANSWER_MAX 4096 /* bytes of a typed line; the rest is dropped */

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define ENDING_COUNT (sizeof(ending) / sizeof(ending[0]))

/*
 * For the handler, which may run at any time: written only while it cannot,
 * because it is not installed.
 */
static struct {
    int fd;
    struct termios before;
    struct termios quiet;
    char prompt[TEXT_LINE_MAX + 1];
} guarded;

/*
 * Gives the terminal back, lets the signal do its usual work, and after a
 * stop asks again. Async-signal-safe calls only.
 */
static void
on_signal(int number)
{
    struct sigaction usual, ours;
    sigset_t only, before;
    int saved = errno;

    (void) tcsetattr(guarded.fd, TCSANOW, &guarded.before);
    memset(&usual, 0, sizeof(usual));
    usual.sa_handler = SIG_DFL;
    (void) sigaction(number, &usual, &ours);
    (void) sigemptyset(&only);
    (void) sigaddset(&only, number);
    (void) raise(number);
    (void) sigprocmask(SIG_UNBLOCK, &only, &before);
    /* Only SIGTSTP comes back to here, when the job goes on. */
    (void) sigprocmask(SIG_SETMASK, &before, NULL);
    (void) sigaction(number, &ours, NULL);
    (void) tcsetattr(guarded.fd, TCSAFLUSH, &guarded.quiet);
    if (write(guarded.fd, guarded.prompt, strlen(guarded.prompt)) < 0)
        errno = 0; /* a prompt that is not seen again does no harm */
    errno = saved;
}

/* Echo off, handlers in. False when the terminal has no such modes. */
static bool
silence(int fd, const char *prompt, struct sigaction before[ENDING_COUNT])
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    (void) sigfillset(&action.sa_mask);
    guarded.fd = fd;
    text_clean(prompt, guarded.prompt, sizeof(guarded.prompt));
    if (tcgetattr(fd, &guarded.before) < 0)
        return false;
    guarded.quiet = guarded.before;
    guarded.quiet.c_lflag &= ~(tcflag_t) (ECHO | ECHOE | ECHOK);
    guarded.quiet.c_lflag |= ECHONL | ICANON;
    for (size_t i = 0; i < ENDING_COUNT; i++) {
        (void) sigaction(ending[i], NULL, &before[i]);
        /* Who started us ignoring a signal wants it ignored. */
        if (before[i].sa_handler != SIG_IGN)
            (void) sigaction(ending[i], &action, NULL);
    }
    return tcsetattr(fd, TCSAFLUSH, &guarded.quiet) == 0;
}

static void
restore(int fd, struct sigaction before[ENDING_COUNT])
{
    (void) tcsetattr(fd, TCSAFLUSH, &guarded.before);
    for (size_t i = 0; i < ENDING_COUNT; i++)
        (void) sigaction(ending[i], &before[i], NULL);
}

/*
 * One line, byte by byte: what follows belongs to whoever reads next. False
 * at the end of the input before anything was read.
 */
static bool
read_line(int fd, char line[ANSWER_MAX], size_t *length_out)
{
    ssize_t count;
    size_t length = 0;
    char byte;

    for (;;) {
        do
            count = read(fd, &byte, 1);
        while (count < 0 && errno == EINTR);
        if (count <= 0 || byte == '\n')
            break;
        if (length < ANSWER_MAX)
            line[length++] = byte;
    }
    *length_out = length;
    return count > 0 || length > 0;
}

static enum status
read_answer(struct terminal *terminal, struct secret *answer_out)
{
    char line[ANSWER_MAX];
    enum status status = STATUS_CANCELLED;
    size_t length = 0;

    if (terminal->http != NULL
        && http_pump(terminal->http, terminal->fd) != STATUS_OK)
        return STATUS_INTERNAL;
    if (read_line(terminal->fd, line, &length)) {
        if (!terminal->is_terminal && length > 0 && line[length - 1] == '\r')
            length--;
        status = secret_set(answer_out, line, length) ? STATUS_OK
                                                      : STATUS_MEMORY;
    }
    secret_wipe(line, sizeof(line));
    return status;
}

enum status
terminal_ask(struct terminal *terminal, bool hidden, const char *prompt,
             struct secret *answer_out)
{
    struct sigaction before[ENDING_COUNT];
    char line[TEXT_LINE_MAX + 1];
    enum status status;
    bool silent = false;

    secret_free(answer_out);
    text_clean(prompt, line, sizeof(line));
    if (hidden && terminal->is_terminal) {
        silent = silence(terminal->fd, line, before);
        /* A password on the screen is worse than no question. */
        if (!silent) {
            output_error("the terminal cannot hide what is typed");
            return STATUS_CANCELLED;
        }
    }
    (void) fflush(stdout);
    (void) fprintf(terminal->prompts, "%s%s", line,
                   terminal->is_terminal ? "" : "\n");
    (void) fflush(terminal->prompts);
    status = read_answer(terminal, answer_out);
    if (silent)
        restore(terminal->fd, before);
    if (status == STATUS_CANCELLED && terminal->is_terminal)
        (void) fputc('\n', terminal->prompts);
    if (terminal->http != NULL)
        http_deadline(terminal->http, clock_ms() + terminal->budget_ms);
    return status;
}

static bool
is_hidden(enum talk_kind kind)
{
    switch (kind) {
    case TALK_PASSWORD:
    case TALK_PASSWORD_OR_CODE:
    case TALK_NEW_PASSWORD:
    case TALK_NEW_AGAIN:
    case TALK_HIDDEN:
    case TALK_PERMIT:
        return true;
    case TALK_CODE:
    case TALK_VISIBLE:
        return false;
    }
    return true;
}

static enum status
ask(struct talk *talk, enum talk_kind kind, const char *prompt,
    struct secret *answer_out)
{
    return terminal_ask((struct terminal *) talk, is_hidden(kind), prompt,
                        answer_out);
}

static enum status
tell(struct talk *talk, enum talk_style style, const char *text)
{
    const struct terminal *terminal = (const struct terminal *) talk;
    char line[TEXT_LINE_MAX + 1];

    (void) style;
    text_clean(text, line, sizeof(line));
    (void) fprintf(terminal->prompts, "%s\n", line);
    return STATUS_OK;
}

/*
 * A line of block elements, each two modules above one another, as the upper
 * or the lower row of them: a module is two blanks, light or dark.
 */
static void
draw_row(FILE *file, const char *line, const char *end, bool upper)
{
    while (line < end) {
        const unsigned char kind = line[0] == ' ' ? 0
                                                  : (unsigned char) line[2];
        bool light = kind == 0x88 || kind == (upper ? 0x80 : 0x84);

        (void) fprintf(file, "\033[%dm  ", light ? 47 : 40);
        line += kind == 0 ? 1 : 3;
    }
    (void) fputs("\033[0m\n", file);
}

static void
draw_in_colours(FILE *file, const char *text)
{
    while (*text != '\0') {
        const char *end = strchrnul(text, '\n');

        if (text[0] == '\xe2') {
            draw_row(file, text, end, true);
            draw_row(file, text, end, false);
        } else {
            (void) fprintf(file, "%.*s\n", (int) (end - text), text);
        }
        text = end + (*end == '\n');
    }
}

static enum status
block(struct talk *talk, const char *text)
{
    const struct terminal *terminal = (const struct terminal *) talk;

    if (!text_is_block(text))
        return STATUS_INTERNAL;
    if (terminal->drawing == DRAWING_ANSI)
        draw_in_colours(terminal->prompts, text);
    else
        (void) fprintf(terminal->prompts, "%s\n", text);
    return STATUS_OK;
}

static void
print_log(struct talk *talk, enum talk_level level, const char *text)
{
    const struct terminal *terminal = (const struct terminal *) talk;
    char line[TEXT_LINE_MAX + 1];

    if (level == TALK_LOG_DEBUG && !terminal->verbose)
        return;
    text_clean(text, line, sizeof(line));
    output_error("%s", line);
}

/* Whoever asked for one in so many words is told why there is none. */
static void
choose_drawing(struct terminal *terminal)
{
    const char *why = terminal->is_terminal
                          ? output_no_drawing(terminal->fd, terminal->drawing)
                          : "standard input is no terminal";

    if (why == NULL)
        terminal->talk.block = block;
    else if (terminal->drawing == DRAWING_UTF8
             || terminal->drawing == DRAWING_ANSI)
        output_error("--qr: no drawing: %s", why);
}

bool
terminal_open(struct terminal *terminal)
{
    terminal->talk = (struct talk){.ask = ask, .tell = tell, .log = print_log};
    terminal->fd = STDIN_FILENO;
    terminal->prompts = stderr;
    terminal->is_terminal = isatty(STDIN_FILENO) == 1;
    if (!terminal->is_terminal) {
        choose_drawing(terminal);
        return true;
    }
    terminal->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal->fd < 0)
        terminal->fd = STDIN_FILENO;
    else
        terminal->prompts = fopen("/dev/tty", "we");
    if (terminal->prompts == NULL) {
        output_error("cannot use the terminal: %s", strerror(errno));
        return false;
    }
    choose_drawing(terminal);
    return true;
}

void
terminal_close(struct terminal *terminal)
{
    if (terminal->prompts != NULL && terminal->prompts != stderr)
        (void) fclose(terminal->prompts);
    if (terminal->fd > STDIN_FILENO)
        (void) close(terminal->fd);
    terminal->prompts = NULL;
    terminal->fd = -1;
}
