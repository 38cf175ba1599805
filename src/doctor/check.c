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

#define LINE_MAX_BYTES 512

static const struct {
    const char *word;
    enum output_tone tone;
} levels[] = {
    [CHECK_OK] = {"ok", TONE_GOOD},
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

static void
print_finding(const struct output *output, const struct finding *finding)
{
    const char *word = levels[finding->level].word;
    enum output_tone tone = levels[finding->level].tone;
    const char *fix = finding->fix == NULL ? "" : finding->fix;
    struct json *object = json_new();
    bool whole = json_add_text(object, "level", word)
                 && json_add_text(object, "area", finding->area)
                 && json_add_text(object, "text", finding->text)
                 && json_add_text(object, "fix", fix);

    output_line(output, TONE_PLAIN, "%s%-8s%s %s: %s",
                output_begin(output, tone), word, output_end(output),
                finding->area, finding->text);
    if (fix[0] != '\0')
        output_line(output, TONE_PLAIN, "         to do: %s", fix);
    output_object(output, object, whole);
}

void
check_add(struct check *check, enum check_level level, const char *area,
          const char *fix, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    struct finding *longer;
    struct finding finding = {.level = level, .area = area};
    va_list arguments;

    va_start(arguments, format);
    if (vsnprintf(line, sizeof(line), format, arguments) >= (int) sizeof(line))
        memcpy(line + sizeof(line) - 4, "...", 4);
    va_end(arguments);
    check->problems += level == CHECK_PROBLEM;
    check->warnings += level == CHECK_WARNING;
    finding.text = clean_copy(line);
    finding.fix = fix == NULL ? NULL : clean_copy(fix);
    longer = realloc(check->findings,
                     (check->finding_count + 1) * sizeof(*longer));
    if (longer == NULL || finding.text == NULL) {
        output_error("out of memory");
        free(finding.text);
        free(finding.fix);
        if (longer != NULL)
            check->findings = longer;
        check->problems++;
        return;
    }
    check->findings = longer;
    check->findings[check->finding_count++] = finding;
    print_finding(&check->cli->output, &finding);
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
check_leave_out(struct check *check, const char *what)
{
    size_t used = strlen(check->left_out);

    (void) snprintf(check->left_out + used, sizeof(check->left_out) - used,
                    "%s%s", used == 0 ? "" : "; ", what);
}

static void
print_verdict(const struct check *check)
{
    const struct output *output = &check->cli->output;
    int64_t problems = (int64_t) check->problems;
    int64_t warnings = (int64_t) check->warnings;
    struct json *object = json_new();
    bool whole = json_add_boolean(object, "good", problems == 0)
                 && json_add_integer(object, "problems", problems)
                 && json_add_integer(object, "warnings", warnings)
                 && json_add_text(object, "not_looked_at", check->left_out);

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
                check->problems, check->warnings);
    output_object(output, object, whole);
}

static void
close_check(struct check *check)
{
    for (size_t i = 0; i < check->finding_count; i++) {
        free(check->findings[i].text);
        free(check->findings[i].fix);
    }
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

    check.service = cli->service[0] == '\0' ? "sshd" : cli->service;
    check.user = cli_operand(cli, 0);
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
    print_verdict(&check);
    code = check.problems == 0 ? CLI_DONE : CLI_REFUSED;
    if (report >= 0 && !report_write(&check, report))
        code = CLI_FAILED;
    close_check(&check);
    return code;
}
