/*
 * The person at the other end, as the flows see them: an interface with no
 * idea of PAM, of sockets or of the terminal. The helper fills it in with the
 * socket to the module, the command-line tool with the terminal, tests with a
 * script.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_TALK_H
#define PAM_COGNITO_TALK_H

#include "common/secret.h"
#include "common/status.h"

/*
 * What is asked for. The numbers are part of the protocol (docs/design/protocol.md).
 */
enum talk_kind {
    TALK_PASSWORD = 1,        /* the current password; the host may hold it */
    TALK_NEW_PASSWORD = 2,    /* hidden */
    TALK_NEW_AGAIN = 3,       /* hidden, the same once more */
    TALK_CODE = 4,            /* a one-time code, shown while it is typed */
    TALK_HIDDEN = 5,          /* any other answer, hidden */
    TALK_VISIBLE = 6,         /* any other answer, shown */
    TALK_PERMIT = 7,          /* nobody is asked; see permit_code */
    TALK_PASSWORD_OR_CODE = 8 /* as TALK_PASSWORD; nothing: by a code */
};

/* How a line is told. */
enum talk_style { TALK_INFO = 1, TALK_ERROR = 2 };

/* How a log line is meant; what LOG_DEBUG and so on are to syslog. */
enum talk_level {
    TALK_LOG_ERROR = 1,
    TALK_LOG_WARNING = 2,
    TALK_LOG_NOTICE = 3,
    TALK_LOG_DEBUG = 4
};

struct talk {
    /*
     * Shows the prompt (printable, one line, at most 200 bytes) and waits for
     * the answer as long as the person takes. STATUS_OK: *answer_out holds it
     * (the caller frees it). STATUS_CANCELLED: the person gave up or nobody
     * can be asked; the flow ends with that status.
     */
    enum status (*ask)(struct talk *talk, enum talk_kind kind,
                       const char *prompt, struct secret *answer_out);

    /* Shows a line that needs no answer. It may come late. */
    enum status (*tell)(struct talk *talk, enum talk_style style,
                        const char *text);

    /*
     * Shows several lines (a QR code and its text), at most 8 KiB of
     * printable text, block elements and newlines. NULL where the host has no
     * way to show it; the flow then puts the text into a prompt.
     */
    enum status (*block)(struct talk *talk, const char *text);

    /*
     * Called with its context, once, when a question is before the person and
     * not answered at once; set and cleared by the flow. May be NULL.
     */
    void (*meanwhile)(void *context);
    void *context;

    /*
     * May a code be sent to this user now? STATUS_OK, or STATUS_CODE_LIMIT
     * when one was sent in the last ten minutes, STATUS_UNAVAILABLE when that
     * cannot be known. NULL: it never can.
     */
    enum status (*permit_code)(struct talk *talk);

    /*
     * A password change: the old password is proved, or a reset's code is
     * there. Returns when something may be changed. NULL: at once.
     */
    enum status (*ready)(struct talk *talk);

    /* One line for the log. No secrets; the receiver cleans and bounds it. */
    void (*log)(struct talk *talk, enum talk_level level, const char *text);
};

#endif
