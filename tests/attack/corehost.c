/*
 * A host whose memory is looked at: asks what PAM asks on standard output,
 * reads each answer from standard input, keeps no copy of its own, and waits
 * for a line before and after pam_end.
 *   corehost SERVICE USER PHASE...
 *
 * SPDX-License-Identifier: MIT
 */
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_SIZE 1024

/* A line without its newline, from malloc; nothing is buffered on the way. */
static char *
read_line(void)
{
    char *line = calloc(1, LINE_MAX_SIZE);
    size_t length = 0;

    while (line != NULL && length < LINE_MAX_SIZE - 1
           && read(STDIN_FILENO, line + length, 1) == 1
           && line[length] != '\n')
        length++;
    if (line != NULL)
        line[length] = '\0';
    return line;
}

static int
converse(int count, const struct pam_message **messages,
         struct pam_response **responses_out, void *data)
{
    struct pam_response *responses = calloc((size_t) count,
                                            sizeof(*responses));

    (void) data;
    if (responses == NULL)
        return PAM_BUF_ERR;
    for (int i = 0; i < count; i++) {
        int style = messages[i]->msg_style;
        int asked = style == PAM_PROMPT_ECHO_OFF
                    || style == PAM_PROMPT_ECHO_ON;

        (void) dprintf(STDOUT_FILENO, "%s %s\n", asked ? "ask" : "tell",
                       messages[i]->msg);
        if (asked)
            responses[i].resp = read_line();
    }
    *responses_out = responses;
    return PAM_SUCCESS;
}

static int
run_phase(pam_handle_t *pamh, const char *phase)
{
    if (strcmp(phase, "authenticate") == 0)
        return pam_authenticate(pamh, 0);
    if (strcmp(phase, "acct_mgmt") == 0)
        return pam_acct_mgmt(pamh, 0);
    return pam_chauthtok(pamh, 0);
}

/* Nobody guesses here: refusals need not be slow. */
static void
at_once(int code, unsigned int microseconds, void *data)
{
    (void) code;
    (void) microseconds;
    (void) data;
}

/* Stands still until it is told to go on. */
static void
pause_at(const char *where)
{
    (void) dprintf(STDOUT_FILENO, "at %s\n", where);
    free(read_line());
}

int
main(int argc, char **argv)
{
    const struct pam_conv conversation = {converse, NULL};
    union {
        void (*function)(int, unsigned int, void *);
        const void *item;
    } delay = {at_once};
    pam_handle_t *pamh = NULL;
    int code = PAM_SUCCESS;

    if (argc < 4
        || pam_start(argv[1], argv[2], &conversation, &pamh) != PAM_SUCCESS)
        return 2;
    (void) pam_set_item(pamh, PAM_FAIL_DELAY, delay.item);
    for (int i = 3; i < argc && code == PAM_SUCCESS; i++) {
        code = run_phase(pamh, argv[i]);
        (void) dprintf(STDOUT_FILENO, "code %s %d\n", argv[i], code);
    }
    pause_at("verdict");
    (void) pam_end(pamh, code);
    pause_at("end");
    return 0;
}
