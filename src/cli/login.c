/*
 * pam-cognito login: signs in as the module would, with a record of every
 * exchange, and shows the tokens when asked to.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/login.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/claims.h"
#include "cli/command.h"
#include "cli/reasons.h"
#include "pam/code.h"
#include "pam/names.h"
#include "pam/scope.h"

struct record {
    struct command *command;
    unsigned int steps;
    struct secret id_token;
    struct secret access_token;
    struct secret refresh_token;
};

static bool
copy(struct secret *to, const struct secret *from)
{
    return from->data == NULL || secret_set(to, from->data, from->length);
}

/* What the answer brought, in a word. */
static const char *
word_for(const struct cognito_answer *answer)
{
    if (answer->status != STATUS_OK)
        return status_word(answer->status);
    if (answer->challenge[0] != '\0')
        return answer->challenge;
    return answer->has_result ? "tokens" : "ok";
}

static void
print_step(const struct record *record, const char *operation,
           const struct cognito_answer *answer)
{
    const struct output *output = &record->command->cli->output;
    struct json *object = json_new();
    bool whole = json_add_integer(object, "step", record->steps)
                 && json_add_text(object, "operation", operation)
                 && json_add_text(object, "reason",
                                  status_word(answer->status))
                 && json_add_text(object, "challenge", answer->challenge)
                 && json_add_text(object, "error", answer->error)
                 && json_add_text(object, "message", answer->message)
                 && json_add_text(object, "request_id", answer->request_id)
                 && json_add_integer(object, "http", answer->http)
                 && json_add_integer(object, "ms", answer->ms);

    output_line(output, answer->status == STATUS_OK ? TONE_FAINT : TONE_BAD,
                "%2u  %-22s  HTTP %3ld  %5u ms  %s%s%s", record->steps,
                operation, answer->http, answer->ms, word_for(answer),
                answer->error[0] == '\0' ? "" : " ", answer->error);
    output_object(output, object, whole);
}

static void
on_answer(void *observer, const char *operation,
          const struct cognito_answer *answer)
{
    struct record *record = observer;

    record->steps++;
    print_step(record, operation, answer);
    if (!answer->has_result)
        return;
    /* A copy that cannot be made is missing from what --tokens shows. */
    (void) copy(&record->id_token, &answer->id_token);
    (void) copy(&record->access_token, &answer->access_token);
    (void) copy(&record->refresh_token, &answer->refresh_token);
}

/* The module on this machine may not even ask. */
static void
warn_of_scope(const struct command *command, const char **reason_out)
{
    struct subject subject = {
        .user = command->user,
        .service = command->cli->service,
        .count = command->argument_count,
        .arguments = command->arguments,
        .trust = command_trust(),
        .lookups = &lookup_services,
    };
    enum scope scope = scope_of(&subject, reason_out);

    config_free(subject.config);
    if (scope != SCOPE_OURS && scope != SCOPE_MEMORY)
        output_line(&command->cli->output, TONE_WARNING,
                    "On this machine the module would not ask the pool about "
                    "%s: %s.",
                    command->user, *reason_out);
}

/* Who said what, what that means, and what a login would have made of it. */
static void
print_refusal(const struct output *output, const struct outcome *outcome,
              struct reason reason, const char *pam)
{
    const char *person = status_text(outcome->status);

    if (outcome->note[0] != '\0')
        output_line(output, TONE_PLAIN, "  %-8s  %s",
                    outcome->error[0] != '\0' ? "Cognito" : "Said",
                    outcome->note);
    output_line(output, TONE_PLAIN, "  Means     %s", reason.meaning);
    if (reason.fix[0] != '\0')
        output_line(output, TONE_PLAIN, "  Do        %s", reason.fix);
    if (person[0] == '\0')
        output_line(output, TONE_PLAIN,
                    "  At ssh    %s; the person reads nothing more", pam);
    else
        output_line(output, TONE_PLAIN,
                    "  At ssh    %s; %sthe person reads \"%s\"", pam,
                    status_is_state(outcome->status) ? "with explain_status "
                                                     : "",
                    person);
    if (outcome->request_id[0] != '\0')
        output_line(output, TONE_PLAIN, "  Request   %s", outcome->request_id);
}

static void
print_verdict(const struct command *command, const char *scope)
{
    const struct output *output = &command->cli->output;
    const struct outcome *outcome = &command->result.outcome;
    const char *pam
        = pam_code_name(pam_code(outcome->status, PHASE_AUTHENTICATE));
    struct reason reason = reason_of(outcome->status, outcome->error,
                                     outcome->note);
    bool accepted = outcome->status == STATUS_OK;
    struct json *object = json_new();
    bool whole
        = json_add_text(object, "user", command->name)
          && json_add_boolean(object, "accepted", accepted)
          && json_add_text(object, "reason", status_word(outcome->status))
          && json_add_text(object, "pam", pam)
          && json_add_text(object, "error", outcome->error)
          && json_add_text(object, "note", outcome->note)
          && json_add_text(object, "meaning", reason.meaning)
          && json_add_text(object, "fix", reason.fix)
          && json_add_text(object, "person", status_text(outcome->status))
          && json_add_text(object, "out_of_scope", scope)
          && json_add_text(object, "request_id", outcome->request_id)
          && json_add_integer(object, "http", outcome->http)
          && json_add_integer(object, "ms", outcome->ms);

    output_object(output, object, whole);
    if (accepted) {
        output_line(output, TONE_GOOD, "%s: accepted, %s, %u ms",
                    command->name, pam, outcome->ms);
        return;
    }
    output_line(output, TONE_BAD, "%s is refused: %s", command->name,
                status_word(outcome->status));
    print_refusal(output, outcome, reason, pam);
}

static void
print_raw(const struct output *output, const char *name,
          const struct secret *token)
{
    struct json *object;

    if (token->data == NULL)
        return;
    output_line(output, TONE_PLAIN, "%s %s", name, token->data);
    object = json_new();
    output_object(output, object, json_add_text(object, name, token->data));
}

static void
print_tokens(const struct record *record)
{
    const struct cli *cli = record->command->cli;

    if (cli->tokens) {
        claims_print(&cli->output, "id_token_claims", &record->id_token);
        claims_print(&cli->output, "access_token_claims",
                     &record->access_token);
    }
    if (cli->show_tokens) {
        print_raw(&cli->output, "id_token", &record->id_token);
        print_raw(&cli->output, "access_token", &record->access_token);
        print_raw(&cli->output, "refresh_token", &record->refresh_token);
    }
}

enum cli_exit
login(struct cli *cli)
{
    struct record record = {0};
    const char *scope = "";
    struct command command;
    enum cli_exit code;

    code = command_open(cli, cli_operand(cli, 0), NULL, &command);
    if (code == CLI_DONE) {
        record.command = &command;
        command.cognito.observe = on_answer;
        command.cognito.observer = &record;
        warn_of_scope(&command, &scope);
        command_run(&command, ACCOUNT_SIGN_IN);
        print_verdict(&command, scope);
        if (command.result.outcome.status == STATUS_OK)
            print_tokens(&record);
        /* Somebody who wants to see the token wants to use it. */
        if (!cli->show_tokens)
            command_revoke(&command);
        code = command_exit(command.result.outcome.status);
    }
    secret_free(&record.id_token);
    secret_free(&record.access_token);
    secret_free(&record.refresh_token);
    command_close(&command);
    return code;
}
