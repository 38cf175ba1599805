/*
 * pam-cognito check: in which order the subjects are looked at, how a finding
 * is printed, and the exit code. What a subject knows is in its own file.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/text.h"
#include "doctor/places.h"
#include "doctor/report.h"
#include "doctor/table.h"

#define LINE_MAX_BYTES 512

static const struct {
    const char *word;
    enum output_tone tone;
} levels[] = {
    [CHECK_OK] = {"ok", TONE_GOOD},
    [CHECK_SKIP] = {"skip", TONE_FAINT},
    [CHECK_WARNING] = {"warning", TONE_WARNING},
    [CHECK_PROBLEM] = {"problem", TONE_BAD},
};

/* A cleaned copy, longer than a line of text.h may be. */
static char *
clean_copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *out = malloc(size);

    if (out != NULL)
        text_clean_whole(text, out, size);
    return out;
}

/* As it is found, with --verbose. */
static void
print_finding(const struct output *output, const struct finding *finding)
{
    const char *word = levels[finding->level].word;
    enum output_tone tone = levels[finding->level].tone;
    const char *fix = finding->fix == NULL ? "" : finding->fix;

    output_line(output, TONE_PLAIN, "%s%-8s%s %s: %s",
                output_begin(output, tone), word, output_end(output),
                finding_row(finding->id)->area, finding->text);
    while (fix[0] != '\0') {
        int length = (int) strcspn(fix, "\n");

        output_line(output, TONE_PLAIN, "         to do: %.*s", length, fix);
        fix += length + (fix[length] == '\n');
    }
}

/* Each line of it cleaned; NULL where there is none, or no memory. */
static char *
clean_lines(const char *text)
{
    size_t size = text == NULL ? 0 : strlen(text) + 1;
    char *copy = text == NULL ? NULL : strdup(text);
    char *out = text == NULL ? NULL : malloc(size);
    char *rest = copy, *at = out, *line;

    while (copy != NULL && out != NULL
           && (line = strsep(&rest, "\n")) != NULL) {
        /* What is clean is not longer than it was. */
        text_clean_whole(line, at, size - (size_t) (at - out));
        at += strlen(at);
        if (rest != NULL)
            *at++ = '\n';
    }
    if (copy == NULL) {
        free(out);
        out = NULL;
    }
    free(copy);
    return out;
}

/* What the next finding was given, and of the PAM lines the module's. */
static void
take_place(struct check *check, struct finding *finding)
{
    bool stack = strncmp(finding_row(finding->id)->id, "pam.", 4) == 0;
    const char *file = check->file;
    unsigned int line = check->line_number;

    if (file == NULL && stack && check->line != NULL) {
        file = check->line->file;
        line = check->line->number;
    }
    finding->file = file == NULL ? NULL : clean_copy(file);
    finding->line = line;
    finding->brief = check->brief[0] == '\0' ? NULL : clean_copy(check->brief);
    check->file = NULL;
    check->line_number = 0;
    check->brief[0] = '\0';
}

static void
free_finding(struct finding *finding)
{
    free(finding->text);
    free(finding->fix);
    free(finding->brief);
    free(finding->file);
}

/* Takes it over. */
static void
keep(struct check *check, struct finding *finding)
{
    struct finding *longer = realloc(
        check->findings, (check->finding_count + 1) * sizeof(*longer));

    if (longer != NULL)
        check->findings = longer;
    if (longer == NULL || finding->text == NULL) {
        output_error("out of memory");
        free_finding(finding);
        check->problems++;
        return;
    }
    check->findings[check->finding_count++] = *finding;
}

void
check_add(struct check *check, enum check_level level, enum finding_id id,
          const char *fix, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    struct finding finding = {.level = level, .id = id};
    va_list arguments;

    va_start(arguments, format);
    if (vsnprintf(line, sizeof(line), format, arguments) >= (int) sizeof(line))
        memcpy(line + sizeof(line) - 4, "...", 4);
    va_end(arguments);
    check->problems += level == CHECK_PROBLEM;
    check->warnings += level == CHECK_WARNING;
    finding.text = clean_copy(line);
    finding.fix = clean_lines(fix);
    take_place(check, &finding);
    if (check->cli->verbose && finding.text != NULL)
        print_finding(&check->cli->output, &finding);
    keep(check, &finding);
}

void
check_brief(struct check *check, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void) vsnprintf(check->brief, sizeof(check->brief), format, arguments);
    va_end(arguments);
}

void
check_at(struct check *check, const char *file, unsigned int line)
{
    check->file = file;
    check->line_number = line;
}

const char *
check_cure(struct check *check, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void) vsnprintf(check->cure, sizeof(check->cure), format, arguments);
    va_end(arguments);
    return check->cure;
}

const char *
check_replace(struct check *check, const struct pam_line *line,
              const char *control)
{
    return check_cure(check,
                      "in %.200s, line %u, replace  %.200s\n"
                      "by  %.200s",
                      line->file, line->number, line->control, control);
}

FILE *
check_open_etc(const char *name)
{
    char path[4096];

    (void) snprintf(path, sizeof(path), "%s/%s", places.etc, name);
    return fopen(path, "re");
}

void
check_format_day(int64_t when, char out[CHECK_DAY_SIZE])
{
    time_t seconds = (time_t) when;
    struct tm parts;

    if (gmtime_r(&seconds, &parts) == NULL
        || strftime(out, CHECK_DAY_SIZE, "%Y-%m-%d", &parts) == 0)
        (void) snprintf(out, CHECK_DAY_SIZE, "?");
}

void
check_leave_out(struct check *check, enum finding_id id, const char *what)
{
    struct finding finding = {.level = CHECK_SKIP, .id = id};
    size_t used = strlen(check->left_out);

    (void) snprintf(check->left_out + used, sizeof(check->left_out) - used,
                    "%s%s", used == 0 ? "" : "; ", what);
    finding.text = clean_copy(what);
    keep(check, &finding);
}

/* The last lines with --verbose. */
static void
print_verdict(const struct check *check)
{
    const struct output *output = &check->cli->output;
    size_t problems = check->problems, warnings = check->warnings;

    if (check->left_out[0] != '\0')
        output_line(output, TONE_FAINT, "Not looked at: %s.", check->left_out);
    output_line(output,
                problems > 0   ? TONE_BAD
                : warnings > 0 ? TONE_WARNING
                               : TONE_GOOD,
                problems + warnings == 0
                    ? check->cage_reached
                          ? "All is well."
                          : "No fault was found in what was looked at."
                    : "Problems: %zu, warnings: %zu.",
                problems, warnings);
}

static void
close_check(struct check *check)
{
    for (size_t i = 0; i < check->finding_count; i++)
        free_finding(&check->findings[i]);
    free(check->findings);
    config_free(check->module);
    setup_free(&check->setup);
    pam_stack_free(&check->stack);
}

enum cli_exit
check(struct cli *cli)
{
    struct check check = {.cli = cli};
    enum cli_exit code;
    int report = -1;

    /* They say the same in other words. */
    if (cli->output.json || cli->one_a_line || cli->problem > 0)
        cli->verbose = false;
    check.service = cli->service[0] == '\0' ? "sshd" : cli->service;
    check.user = cli_operand(cli, 0);
    if (check.user != NULL && check.user[0] == '\0') {
        output_error("that cannot be a user name");
        return CLI_USAGE;
    }
    service_facts(check.service, &check.facts);
    if (cli->report != NULL && !report_open(cli->report, &report))
        return CLI_FAILED;
    check_host_find(&check);
    check_stack_read(&check);
    check_config_read(&check);
    check_socket_find(&check);
    check_stack(&check);
    check_config(&check);
    check_host(&check);
    check_socket(&check);
    check_machine(&check);
    check_account(&check);
    check_accounts(&check);
    check_sshd(&check);
    check_pool(&check);
    table_number(&check);
    code = check.problems == 0 ? CLI_DONE : CLI_REFUSED;
    if (cli->problem > 0 && !table_print_one(&check, cli->problem))
        code = CLI_USAGE;
    else if (cli->problem == 0 && cli->verbose)
        print_verdict(&check);
    else if (cli->problem == 0)
        table_print(&check);
    if (report >= 0 && !report_write(&check, report))
        code = CLI_FAILED;
    close_check(&check);
    return code;
}
