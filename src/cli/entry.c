/*
 * Entries and rows. What comes from a log was cleaned before it comes here.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "cli/entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pam/code.h"
#include "pam/names.h"

#define COLUMNS 79
#define INDENT 12
#define ROWS_MAX 15 /* of many; with words before and behind, one screen */
#define ROW_COLUMNS 50
#define LOOK_MAX 512

/* From column on, in lines that begin at indent. */
static void
put_wrapped(size_t column, size_t indent, const char *text)
{
    size_t begin = column;

    while (*text != '\0') {
        size_t blanks = strspn(text, " ");
        size_t length = strcspn(text + blanks, " ");

        if (column + blanks + length > COLUMNS && column > begin) {
            (void) printf("\n%*s", (int) indent, "");
            column = begin = indent;
            text += blanks;
            blanks = 0;
        }
        (void) printf("%.*s", (int) (blanks + length), text);
        column += blanks + length;
        text += blanks + length;
    }
    (void) putchar('\n');
}

void
entry_field(const struct output *output, const char *label, const char *text)
{
    if (output->json || text[0] == '\0')
        return;
    (void) printf("  %-*s", INDENT - 2, label);
    put_wrapped(INDENT, INDENT, text);
}

void
entry_say(const struct output *output, const char *title, const char *text,
          const char *look)
{
    struct json *object = json_new();
    bool whole = json_add_text(object, "title", title)
                 && json_add_text(object, "meaning", text)
                 && (look[0] == '\0' || json_add_text(object, "look", look));

    if (!output->json) {
        (void) printf("%s: ", title);
        put_wrapped(strlen(title) + 2, 2, text);
    }
    entry_field(output, "Look", look);
    output_object(output, object, whole);
}

/* May it stand in a command as it is? A log has what anybody typed. */
static bool
is_shell_word(const char *word)
{
    return word[0] != '\0' && word[0] != '-'
           && strspn(word, "abcdefghijklmnopqrstuvwxyz"
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@+-")
                  == strlen(word);
}

/* The command, about this user and service where they are known. */
static void
fill_look(const char *look, const struct entry_case *about, char out[LOOK_MAX])
{
    const struct {
        const char *word, *instead;
    } words[] = {{"USER", about == NULL ? "" : about->user},
                 {"SERVICE", about == NULL ? "" : about->service}};

    out[0] = '\0';
    while (*look != '\0') {
        size_t used = strlen(out), length = 1;
        const char *piece = look;

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            if (strncmp(look, words[i].word, strlen(words[i].word)) == 0
                && is_shell_word(words[i].instead)) {
                piece = words[i].instead;
                look += strlen(words[i].word) - 1;
                length = strlen(piece);
            }
        (void) snprintf(out + used, LOOK_MAX - used, "%.*s", (int) length,
                        piece);
        look++;
    }
}

static void
print_object(const struct output *output, const char *title, const char *error,
             enum status status, struct reason reason, const char *look)
{
    const struct causes *causes = causes_of_status(status);
    struct json *object = json_new();
    bool whole
        = json_add_text(object, "title", title)
          && json_add_text(object, "reason", status_word(status))
          && json_add_text(object, "meaning", reason.meaning)
          && json_add_text(object, "authenticate",
                           pam_code_name(pam_code(status, PHASE_AUTHENTICATE)))
          && json_add_text(object, "acct_mgmt",
                           pam_code_name(pam_code(status, PHASE_ACCOUNT)))
          && json_add_text(object, "chauthtok_preliminary",
                           pam_code_name(pam_code(status, PHASE_PRELIMINARY)))
          && json_add_text(object, "chauthtok_update",
                           pam_code_name(pam_code(status, PHASE_UPDATE)))
          && json_add_text(object, "person", status_text(status))
          && json_add_text(object, "fix", reason.fix)
          && json_add_text(object, "look", look)
          && json_add_array(object, "causes")
          && (error == NULL || json_add_text(object, "error", error));

    for (size_t i = 0; i < CAUSES_MAX && causes->likely[i] != NULL; i++)
        whole = whole && json_append_text(object, "causes", causes->likely[i]);
    output_object(output, object, whole);
}

static void
print_codes(const struct output *output, enum status status)
{
    const char *preliminary
        = pam_code_name(pam_code(status, PHASE_PRELIMINARY));
    const char *update = pam_code_name(pam_code(status, PHASE_UPDATE));
    bool same = strcmp(preliminary, update) == 0;
    char line[256];

    (void) snprintf(line, sizeof(line),
                    "%s; account phase: %s; changing a password: %s%s%s",
                    pam_code_name(pam_code(status, PHASE_AUTHENTICATE)),
                    pam_code_name(pam_code(status, PHASE_ACCOUNT)),
                    preliminary, same ? "" : ", then ", same ? "" : update);
    entry_field(output, "PAM", line);
}

void
entry_print(const struct output *output, const char *title, const char *error,
            enum status status, struct reason reason,
            const struct entry_case *about)
{
    const struct causes *causes = causes_of_status(status);
    const char *word = status_word(status), *person = status_text(status);
    char look[LOOK_MAX], line[256];

    fill_look(causes->look, about, look);
    output_line(output, TONE_STRONG, "%s", title);
    if (error != NULL)
        entry_field(output, "Error", error);
    if (strncmp(title, word, strlen(word)) != 0)
        entry_field(output, "Reason", word);
    entry_field(output, "Means", reason.meaning);
    for (size_t i = 0; i < CAUSES_MAX && causes->likely[i] != NULL; i++) {
        (void) snprintf(line, sizeof(line), "%zu %s", i + 1,
                        causes->likely[i]);
        entry_field(output, i == 0 ? "Causes" : "", line);
    }
    entry_field(output, "Do", reason.fix);
    /* To be copied: what is too long is the terminal's to break. */
    if (look[0] != '\0')
        output_line(output, TONE_PLAIN, "  Look      %s", look);
    print_codes(output, status);
    if (person[0] == '\0')
        (void) snprintf(line, sizeof(line), "nothing more");
    else
        (void) snprintf(line, sizeof(line), "%s\"%s\"",
                        status_is_state(status) ? "with explain_status: " : "",
                        person);
    entry_field(output, "Reads", line);
    print_object(output, title, error, status, reason, look);
}

/* The beginning, as far as a row has room for it. */
static void
print_row(const struct output *output, enum status status)
{
    const char *text = reason_of_status(status).meaning;
    bool cut = strlen(text) > ROW_COLUMNS;

    output_line(output, TONE_PLAIN, "  %-26s %.*s%s", status_word(status),
                cut ? ROW_COLUMNS - 3 : ROW_COLUMNS, text, cut ? "..." : "");
}

void
entry_print_many(const struct output *output, const enum status *statuses,
                 size_t count)
{
    char words[2048] = "";

    if (output->json || count == 1) {
        for (size_t i = 0; i < count; i++)
            entry_print(output, status_word(statuses[i]), NULL, statuses[i],
                        reason_of_status(statuses[i]), NULL);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(words);

        if (count <= ROWS_MAX)
            print_row(output, statuses[i]);
        else
            (void) snprintf(words + used, sizeof(words) - used, "%s%s",
                            used == 0 ? "" : " ", status_word(statuses[i]));
    }
    if (words[0] != '\0') {
        (void) printf("  ");
        put_wrapped(2, 2, words);
    }
    output_line(output, TONE_PLAIN, "pam-cognito explain REASON says more.");
}
