/*
 * The order of the steps, what is printed of them, and how it ends.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "setup/prepare.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/run.h"
#include "common/text.h"
#include "doctor/check.h"

#define STEPS 7

static const struct step *const forwards[STEPS]
    = {&prepare_group,   &prepare_secret, &prepare_settings, &prepare_socket,
       &prepare_profile, &prepare_sshd,   &prepare_keys};
/* First nobody is asked any more, then what was asked with goes. */
static const struct step *const backwards[STEPS]
    = {&prepare_profile,  &prepare_sshd,   &prepare_keys, &prepare_socket,
       &prepare_settings, &prepare_secret, &prepare_group};

/* How a line begins; what was looked at only, and what is done. */
static const struct {
    const char *would, *does;
    enum output_tone tone;
} words[] = {
    [STEP_THERE] = {"ok", "ok", TONE_GOOD},
    [STEP_DUE] = {"would", "do", TONE_PLAIN},
    [STEP_HAND] = {"by hand", "by hand", TONE_WARNING},
    [STEP_SKIPPED] = {"skip", "skip", TONE_FAINT},
    [STEP_FAILED] = {"FAIL", "FAIL", TONE_BAD},
};

enum step_state
prepare_say(struct prepare *prepare, enum step_state state, const char *format,
            ...)
{
    char line[PREPARE_TEXT_MAX];
    va_list arguments;

    va_start(arguments, format);
    (void) vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    text_clean_whole(line, prepare->text, sizeof(prepare->text));
    return state;
}

void
prepare_command(struct prepare *prepare, const char *format, ...)
{
    size_t used = strlen(prepare->commands);
    va_list arguments;

    va_start(arguments, format);
    (void) vsnprintf(prepare->commands + used,
                     sizeof(prepare->commands) - used, format, arguments);
    va_end(arguments);
    used = strlen(prepare->commands);
    (void) snprintf(prepare->commands + used, sizeof(prepare->commands) - used,
                    "\n");
}

void
prepare_command_file(struct prepare *prepare, const char *mode,
                     const char *path, const char *text)
{
    if (text == NULL)
        prepare_command(prepare, "/usr/bin/install -m %s /dev/stdin %s", mode,
                        path);
    else
        prepare_command(prepare,
                        "/usr/bin/install -m %s /dev/stdin %s <<'END'\n%sEND",
                        mode, path, text);
}

bool
prepare_run(struct prepare *prepare, char *const argv[])
{
    struct secret output = {0};
    bool done = run_program(argv, PREPARE_PROGRAM_MS, &output);
    const char *said = output.data == NULL ? "" : output.data;
    char line[TEXT_LINE_MAX];

    said += strspn(said, "\r\n");
    text_clean_bytes(said, strcspn(said, "\r\n"), line, sizeof(line));
    if (!done)
        (void) prepare_say(prepare, STEP_FAILED, "%s fails%s%s", argv[0],
                           line[0] == '\0' ? "" : ": ", line);
    secret_free(&output);
    return done;
}

static void
print_step(const struct prepare *prepare, const char *name,
           enum step_state state)
{
    const struct output *output = &prepare->cli->output;
    const char *word = prepare->cli->yes ? words[state].does
                                         : words[state].would;
    bool run = state == STEP_DUE || state == STEP_HAND;
    const char *commands = run ? prepare->commands : "";
    struct json *object;
    bool whole;

    if (state == STEP_SKIPPED && prepare->text[0] == '\0')
        return;
    object = json_new();
    whole = json_add_text(object, "step", name)
            && json_add_text(object, "state", word)
            && json_add_text(object, "text", prepare->text)
            && json_add_text(object, "commands", commands);
    output_line(output, TONE_PLAIN, "# %s%-8s%s %s: %s",
                output_begin(output, words[state].tone), word,
                output_end(output), name, prepare->text);
    if (commands[0] != '\0')
        output_line(output, TONE_PLAIN, "%.*s", (int) strlen(commands) - 1,
                    commands);
    output_object(output, object, whole);
}

static enum step_state
look(struct prepare *prepare, const struct step *step)
{
    prepare->text[0] = '\0';
    prepare->commands[0] = '\0';
    return prepare->cli->undo ? step->look_back(prepare) : step->look(prepare);
}

struct counts {
    unsigned int due, hand, failed;
};

/* What there is to do, and whether it can be done. */
static struct counts
survey(struct prepare *prepare, const struct step *const steps[STEPS],
       bool is_shown)
{
    struct counts counts = {0};

    for (size_t i = 0; i < STEPS; i++) {
        enum step_state state = look(prepare, steps[i]);

        counts.due += state == STEP_DUE;
        counts.hand += state == STEP_HAND;
        counts.failed += state == STEP_FAILED;
        if (is_shown)
            print_step(prepare, steps[i]->name, state);
    }
    return counts;
}

/* A step that is the administrator's ends the way back: the rest is in use. */
static struct counts
carry_out(struct prepare *prepare, const struct step *const steps[STEPS])
{
    bool undo = prepare->cli->undo;
    struct counts counts = {0};

    for (size_t i = 0; i < STEPS && counts.failed == 0; i++) {
        const struct step *step = steps[i];
        enum step_state state = look(prepare, step);

        print_step(prepare, step->name, state);
        if (state == STEP_DUE) {
            counts.due++;
            prepare->commands[0] = '\0';
            state = undo ? step->take_back(prepare) : step->make(prepare);
            if (state != STEP_THERE)
                print_step(prepare, step->name, state);
        }
        counts.hand += state == STEP_HAND;
        counts.failed += state == STEP_FAILED || (undo && state == STEP_HAND);
    }
    return counts;
}

static enum cli_exit
end(const struct prepare *prepare, struct counts counts, const char *sentence,
    enum cli_exit code)
{
    struct json *object = json_new();
    bool whole = json_add_boolean(object, "done", code == CLI_DONE)
                 && json_add_integer(object, "changed", counts.due)
                 && json_add_text(object, "message", sentence);

    output_line(&prepare->cli->output, TONE_PLAIN, "# %s", sentence);
    output_object(&prepare->cli->output, object, whole);
    return code;
}

/* The settings are in the file now, where check finds them. */
static enum cli_exit
see_whether_it_works(struct cli *cli)
{
    cli->setting_count = 0;
    cli->name = "check";
    return check(cli);
}

static enum cli_exit
really(struct prepare *prepare, const struct step *const steps[STEPS])
{
    struct counts counts = survey(prepare, steps, false);
    bool undo = prepare->cli->undo;
    enum cli_exit code;

    if (counts.failed > 0) {
        (void) survey(prepare, steps, true);
        counts.due = 0;
        return end(prepare, counts, "Nothing was changed.", CLI_FAILED);
    }
    counts = carry_out(prepare, steps);
    if (counts.failed > 0)
        return end(prepare, counts,
                   undo ? "Stopped there. Mend that, and run this again."
                        : "Stopped there. Mend that and run this again, or "
                          "pam-cognito setup --undo --yes.",
                   CLI_FAILED);
    if (undo) {
        ledger_forget(&prepare->ledger);
        return end(prepare, counts,
                   "What setup made is taken back. Accounts, homes and the "
                   "helper's user stay.",
                   CLI_DONE);
    }
    (void) end(prepare, counts,
               counts.due == 0 ? "Nothing was to do." : "Done.", CLI_DONE);
    code = see_whether_it_works(prepare->cli);
    return code == CLI_DONE && counts.hand > 0 ? CLI_REFUSED : code;
}

static enum cli_exit
only_show(struct prepare *prepare, const struct step *const steps[STEPS])
{
    struct counts counts = survey(prepare, steps, true);
    unsigned int due = counts.due;

    counts.due = 0;
    if (counts.failed > 0)
        return end(prepare, counts, "Nothing was changed.", CLI_FAILED);
    return end(prepare, counts,
               due == 0 ? "Nothing is to do."
                        : "Nothing was changed. To have it done: the same "
                          "with --yes.",
               CLI_DONE);
}

static enum cli_exit
go(struct prepare *prepare)
{
    const struct step *const *steps = prepare->cli->undo ? backwards
                                                         : forwards;
    char error[PREPARE_TEXT_MAX];
    enum cli_exit code = CLI_DONE;

    if (!ledger_open(&prepare->ledger, prepare->cli->yes, error,
                     sizeof(error))) {
        output_error("setup: %s", error);
        return CLI_FAILED;
    }
    if (prepare->cli->undo && ledger_is_empty(&prepare->ledger))
        return end(prepare, (struct counts){0},
                   "Setup has made nothing here: there is nothing to take "
                   "back.",
                   CLI_DONE);
    if (!prepare->cli->undo)
        code = prepare_take(prepare);
    if (code != CLI_DONE)
        return code;
    return prepare->cli->yes ? really(prepare, steps)
                             : only_show(prepare, steps);
}

enum cli_exit
prepare(struct cli *cli)
{
    struct prepare prepare = {.cli = cli, .ledger = {.fd = -1}};
    enum cli_exit code;

    if (cli->config != NULL || cli->service[0] != '\0') {
        output_error("setup writes " PAM_COGNITO_CONF
                     " for all services: no --config, no --service");
        return CLI_USAGE;
    }
    if (cli->undo
        && (cli->setting_count > 0 || cli->user_pool_id != NULL
            || cli->client_id != NULL || cli->secret_stdin || cli->no_secret
            || cli->secret_file != NULL)) {
        output_error("setup --undo takes no settings");
        return CLI_USAGE;
    }
    if (geteuid() != 0) {
        output_error("setup: only root can do that");
        return CLI_FAILED;
    }
    code = go(&prepare);
    ledger_close(&prepare.ledger);
    secret_free(&prepare.settings);
    secret_free(&prepare.client_secret);
    return code;
}
