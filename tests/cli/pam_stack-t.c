/*
 * pam_stack.c against libpam itself: thousands of invented stacks, with jumps,
 * substacks and included files, must end with the same code in both.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <security/pam_appl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor/pam_stack.h"
#include "unit/tap.h"

#define STACKS 2000
#define GROUPS 40 /* one line of TAP each */
#define LINES_MAX 7

static char folder[] = "/tmp/pam-stack-XXXXXX";
static char module[4096]; /* path of answer.so */

/* The same numbers in each run: a failure can be looked at again. */
static unsigned int
choose(unsigned int count)
{
    static uint64_t state = 20261120;

    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned int) (state >> 33) % count;
}

static const int answers[]
    = {PAM_SUCCESS,      PAM_SUCCESS,      PAM_AUTH_ERR,
       PAM_USER_UNKNOWN, PAM_IGNORE,       PAM_MAXTRIES,
       PAM_PERM_DENIED,  PAM_SERVICE_ERR,  PAM_AUTHINFO_UNAVAIL,
       PAM_CRED_ERR,     PAM_ACCT_EXPIRED, PAM_NEW_AUTHTOK_REQD};

static void
write_control(FILE *file)
{
    static const char *const words[] = {"required", "requisite", "sufficient",
                                        "optional"};
    static const char *const values[]
        = {"success", "auth_err",    "user_unknown",     "ignore",
           "default", "perm_denied", "new_authtok_reqd", "maxtries"};
    static const char *const actions[]
        = {"ok", "done", "bad", "die", "ignore", "reset", "1", "2", "3"};

    if (choose(3) == 0) {
        (void) fputs(words[choose(4)], file);
        return;
    }
    (void) fputc('[', file);
    for (unsigned int i = 0, count = 1 + choose(4); i < count; i++)
        (void) fprintf(file, "%s%s=%s", i == 0 ? "" : " ", values[choose(8)],
                       actions[choose(9)]);
    (void) fputc(']', file);
}

/* One file; what it includes has a number above its own. */
static void
write_file(unsigned int number)
{
    char path[128];
    FILE *file;

    (void) snprintf(path, sizeof(path), "%s/s%u", folder, number);
    file = fopen(path, "w");
    need(file != NULL, "a file below /tmp");
    for (unsigned int i = 0, count = 1 + choose(LINES_MAX); i < count; i++) {
        unsigned int kind = choose(8);

        if (number < 3 && kind == 0) {
            (void) fprintf(file, "auth substack %s/s%u\n", folder, number + 1);
        } else if (number < 3 && kind == 1) {
            (void) fprintf(file, "auth include %s/s%u\n", folder, number + 1);
        } else if (number < 3 && kind == 2) {
            (void) fprintf(file, "@include %s/s%u\n", folder, number + 1);
        } else {
            (void) fputs("auth ", file);
            write_control(file);
            (void) fprintf(
                file, " %s %d\n", module,
                answers[choose(sizeof(answers) / sizeof(answers[0]))]);
        }
    }
    need(fclose(file) == 0, "a file below /tmp");
}

/* libpam wants one, whoever is asked for. */
static void
write_other(void)
{
    char path[128];
    FILE *file;

    (void) snprintf(path, sizeof(path), "%s/other", folder);
    file = fopen(path, "w");
    need(file != NULL, "a file below /tmp");
    (void) fputs("auth required pam_deny.so\n", file);
    need(fclose(file) == 0, "a file below /tmp");
}

static int
converse(int count, const struct pam_message **messages,
         struct pam_response **responses, void *data)
{
    (void) count;
    (void) messages;
    (void) responses;
    (void) data;
    return PAM_CONV_ERR;
}

static int
real_result(void)
{
    const struct pam_conv conversation = {converse, NULL};
    pam_handle_t *pamh = NULL;
    int code;

    code = pam_start_confdir("s0", "nobody", &conversation, folder, &pamh);
    need(code == PAM_SUCCESS, "pam_start_confdir");
    code = pam_authenticate(pamh, 0);
    (void) pam_end(pamh, code);
    return code;
}

static int
outcome(const struct pam_line *line, void *context)
{
    (void) context;
    return line->argument_count == 1 ? atoi(line->arguments[0]) : -1;
}

static int
our_result(void)
{
    const char *const folders[PLACES_PAM] = {folder, folder};
    struct pam_stack stack;
    int code = -1;

    if (pam_stack_read(&stack, folders, "s0"))
        code = pam_stack_run(&stack, PAM_PHASE_AUTH, outcome, NULL);
    else
        diag("%s", stack.error);
    pam_stack_free(&stack);
    return code;
}

static void
show(unsigned int number)
{
    char path[128], line[512];
    FILE *file;

    (void) snprintf(path, sizeof(path), "%s/s%u", folder, number);
    file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        printf("#   s%u: %s", number, line);
    if (file != NULL)
        (void) fclose(file);
}

static bool
compare_one(void)
{
    int real, ours;

    for (unsigned int i = 0; i <= 3; i++)
        write_file(i);
    real = real_result();
    ours = our_result();
    if (real == ours)
        return true;
    diag("libpam says %s, we say %s", pam_code_name(real),
         pam_code_name(ours));
    for (unsigned int i = 0; i <= 3; i++)
        show(i);
    return false;
}

/* answer.so lies beside us, or where libtool puts it. */
static void
find_module(const char *program)
{
    const char *slash = strrchr(program, '/');
    char here[2048], *real;

    (void) snprintf(here, sizeof(here), "%.*s.libs/answer.so",
                    slash == NULL ? 0 : (int) (slash - program + 1), program);
    real = realpath(here, NULL);
    need(real != NULL && strlen(real) < sizeof(module), "answer.so");
    (void) snprintf(module, sizeof(module), "%s", real);
    free(real);
}

int
main(int argc, char **argv)
{
    char path[128];

    find_module(argc > 0 ? argv[0] : "");
    need(mkdtemp(folder) != NULL, "a folder below /tmp");
    write_other();
    for (unsigned int i = 0; i < GROUPS; i++) {
        bool same = true;

        for (unsigned int j = 0; same && j < STACKS / GROUPS; j++)
            same = compare_one();
        ok(same, "libpam and pam_stack agree, stacks %u to %u",
           i * (STACKS / GROUPS) + 1, (i + 1) * (STACKS / GROUPS));
    }
    for (unsigned int i = 0; i <= 3; i++) {
        (void) snprintf(path, sizeof(path), "%s/s%u", folder, i);
        (void) unlink(path);
    }
    (void) snprintf(path, sizeof(path), "%s/other", folder);
    (void) unlink(path);
    (void) rmdir(folder);
    return done_testing();
}
