/*
 * What is wrong and what to do stands last and fits an ordinary terminal of 80
 * columns and 24 lines, whatever was found: parts that are well are drawn
 * together, then less is told in full, until it does.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"

#define ROWS 22 /* two for the prompt and what was typed */
#define COLUMNS 79
#define INDENT 4
#define TEXT_COLUMNS 52 /* of a line of the table */
#define NAME_SIZE 65    /* of a name or an ID, as it is shown */
#define LINE_SIZE 512

static const struct {
    const char *word; /* of the table */
    const char *level;
    enum output_tone tone;
} levels[] = {
    [CHECK_OK] = {"ok", "ok", TONE_GOOD},
    [CHECK_SKIP] = {"skip", "skip", TONE_FAINT},
    [CHECK_WARNING] = {"warn", "warn", TONE_WARNING},
    [CHECK_PROBLEM] = {"FAIL", "fail", TONE_BAD},
};

/* How much is told. Each step of shapes[] takes fewer lines. */
struct shape {
    bool together[3];    /* what is well in a group is one line */
    bool bare;           /* and is left out */
    unsigned int full;   /* findings that are told in full */
    unsigned int others; /* of the rest, lines at most */
};

struct page {
    const struct check *check;
    const struct shape *shape;
    FILE *file;
};

static bool
is_bad(const struct finding *finding)
{
    return finding->level == CHECK_PROBLEM || finding->level == CHECK_WARNING;
}

static const struct finding_row *
row_of(const struct finding *finding)
{
    return finding_row(finding->id);
}

/* What somebody else may have chosen. */
static const char *
shown(const char *name, char out[NAME_SIZE])
{
    text_clean(name, out, NAME_SIZE);
    return out;
}

void
table_number(struct check *check)
{
    static const enum check_level order[] = {CHECK_PROBLEM, CHECK_WARNING};
    unsigned int number = 0;

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        for (size_t j = 0; j < check->finding_count; j++)
            if (check->findings[j].level == order[i])
                check->findings[j].number = ++number;
}

/* ---- The table ---- */

/* Its words in the table, with the place before them if there is one. */
static void
describe(const struct finding *finding, char out[LINE_SIZE])
{
    const char *brief = finding->brief != NULL ? finding->brief
                                               : row_of(finding)->brief;
    const char *between = finding->level == CHECK_OK ? "; " : " ";
    char place[LINE_SIZE];
    const char *name;

    (void) snprintf(out, LINE_SIZE, "%s", brief == NULL ? "" : brief);
    if (finding->file == NULL)
        return;
    if (finding->line == 0)
        (void) snprintf(place, sizeof(place), "%.300s", finding->file);
    else
        (void) snprintf(place, sizeof(place), "%.300s:%u", finding->file,
                        finding->line);
    name = strrchr(place, '/');
    if (strlen(place) + strlen(out) + strlen(between) > TEXT_COLUMNS
        && name != NULL)
        (void) snprintf(out, LINE_SIZE, "...%.150s%s%.150s", name, between,
                        brief == NULL ? "" : brief);
    else
        (void) snprintf(out, LINE_SIZE, "%.300s%s%.150s", place, between,
                        brief == NULL ? "" : brief);
}

static void
put_row(const struct page *page, enum check_level level, const char *label,
        const char *text, unsigned int number)
{
    const struct output *output = &page->check->cli->output;
    char shown[LINE_SIZE];

    (void) snprintf(shown, sizeof(shown), "%s", text);
    if (strlen(shown) > TEXT_COLUMNS)
        memcpy(shown + TEXT_COLUMNS - 3, "...", 4);
    (void) fprintf(page->file, "  %s%-4s%s  %s%s",
                   output_begin(output, levels[level].tone),
                   levels[level].word, output_end(output), label,
                   shown[0] == '\0' ? "" : " ");
    if (number > 0)
        (void) fprintf(page->file, "%*s%-*s (%u)",
                       (int) (10 - (strlen(label) < 10 ? strlen(label) : 10)),
                       "", TEXT_COLUMNS, shown, number);
    else if (shown[0] != '\0')
        (void) fprintf(page->file, "%*s%s",
                       (int) (10 - (strlen(label) < 10 ? strlen(label) : 10)),
                       "", shown);
    (void) fputc('\n', page->file);
}

/* Is something said of the label that is not well? */
static bool
is_label_bad(const struct check *check, enum finding_group group,
             const char *label)
{
    for (size_t i = 0; i < check->finding_count; i++)
        if (is_bad(&check->findings[i])
            && row_of(&check->findings[i])->group == group
            && strcmp(row_of(&check->findings[i])->label, label) == 0)
            return true;
    return false;
}

/* Of a finding that is well: the first of its label has the line. */
static bool
is_first(const struct check *check, const struct finding *finding)
{
    for (const struct finding *other = check->findings; other < finding;
         other++)
        if (other->level == finding->level && row_of(other)->brief != NULL
            && row_of(other)->group == row_of(finding)->group
            && strcmp(row_of(other)->label, row_of(finding)->label) == 0)
            return false;
    return true;
}

/* What all findings of its label say that are well, as far as it fits. */
static void
join(const struct check *check, const struct finding *first,
     char out[LINE_SIZE])
{
    const struct finding *end = check->findings + check->finding_count;

    describe(first, out);
    for (const struct finding *other = first + 1; other < end; other++) {
        char more[LINE_SIZE];

        if (other->level != first->level || row_of(other)->brief == NULL
            || row_of(other)->group != row_of(first)->group
            || strcmp(row_of(other)->label, row_of(first)->label) != 0)
            continue;
        describe(other, more);
        if (strlen(out) + 2 + strlen(more) <= TEXT_COLUMNS)
            (void) snprintf(out + strlen(out), LINE_SIZE - strlen(out),
                            "; %.60s", more);
    }
}

/* Those that are well, or were not looked at, in one line. */
static void
put_together(const struct page *page, enum finding_group group,
             enum check_level level)
{
    char line[LINE_SIZE] = "";

    for (size_t i = 0; i < page->check->finding_count; i++) {
        const struct finding *finding = &page->check->findings[i];
        size_t used = strlen(line);

        if (finding->level != level || row_of(finding)->group != group
            || row_of(finding)->brief == NULL
            || !is_first(page->check, finding)
            || is_label_bad(page->check, group, row_of(finding)->label))
            continue;
        (void) snprintf(line + used, sizeof(line) - used, "%s%s",
                        used == 0 ? "" : ", ", row_of(finding)->label);
    }
    if (line[0] != '\0')
        put_row(page, level, line, "", 0);
}

static void
put_head(const struct page *page, enum finding_group group)
{
    const struct check *check = page->check;
    const char *pool = check->setup.pool.id;
    char name[NAME_SIZE];

    if (group == GROUP_MACHINE)
        (void) fputs("This machine\n", page->file);
    else if (group == GROUP_PERSON)
        (void) fprintf(page->file, "%s\n",
                       check->user == NULL ? "People"
                                           : shown(check->user, name));
    else
        (void) fprintf(page->file, "User pool%s%s\n",
                       pool[0] == '\0' ? "" : " ", shown(pool, name));
}

static bool
is_shown(const struct page *page, const struct finding *finding)
{
    const struct check *check = page->check;
    const struct finding_row *row = row_of(finding);

    if (is_bad(finding))
        return finding->number <= page->shape->full + page->shape->others;
    return !page->shape->bare && !page->shape->together[row->group]
           && row->brief != NULL && is_first(check, finding)
           && !is_label_bad(check, row->group, row->label);
}

static void
put_group(const struct page *page, enum finding_group group)
{
    const struct check *check = page->check;
    bool any = false;
    char text[LINE_SIZE];

    for (size_t i = 0; i < check->finding_count; i++)
        any = any
              || (row_of(&check->findings[i])->group == group
                  && (page->shape->bare
                          ? is_shown(page, &check->findings[i])
                          : row_of(&check->findings[i])->brief != NULL));
    if (!any)
        return;
    put_head(page, group);
    for (size_t i = 0; i < check->finding_count; i++) {
        const struct finding *finding = &check->findings[i];

        if (row_of(finding)->group != group || !is_shown(page, finding))
            continue;
        if (is_bad(finding))
            describe(finding, text);
        else
            join(check, finding, text);
        put_row(page, finding->level, row_of(finding)->label, text,
                finding->number);
    }
    if (page->shape->together[group] && !page->shape->bare) {
        put_together(page, group, CHECK_OK);
        put_together(page, group, CHECK_SKIP);
    }
}

/* ---- What to do ---- */

/* Is it typed as it stands? Then a line that is full ends as shells and PAM
 * want it. */
static bool
is_typed(const char *step)
{
    static const char *const words[]
        = {"useradd ", "usermod ", "groupadd ", "pam-cognito ", "auth ",
           "curl ",    "openssl ", "aws ",      "chmod ",       "chown "};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strncmp(step, words[i], strlen(words[i])) == 0)
            return strpbrk(step, ",;") == NULL;
    return false;
}

/* Words of text, broken between them where a line is full. */
static void
put_wrapped(FILE *file, const char *first, const char *text)
{
    const char *end = is_typed(text) ? " \\" : "";
    const size_t columns = COLUMNS - strlen(end);
    size_t column = strlen(first);

    (void) fputs(first, file);
    while (*text != '\0') {
        size_t blanks = strspn(text, " ");
        size_t length = strcspn(text + blanks, " ");

        if (column + blanks + length > columns && column > INDENT) {
            (void) fprintf(file, "%s\n%*s", end, INDENT, "");
            column = INDENT;
            text += blanks;
            blanks = 0;
        }
        (void) fprintf(file, "%.*s", (int) (blanks + length), text);
        column += blanks + length;
        text += blanks + length;
    }
    (void) fputc('\n', file);
}

/* Each step of the cure, one behind another: the next one, or NULL. */
static const char *
next_step(const char **fix, char *out, size_t size)
{
    size_t length;

    if (*fix == NULL || **fix == '\0')
        return NULL;
    length = strcspn(*fix, "\n");
    (void) snprintf(out, size, "%.*s", (int) length, *fix);
    *fix += length + ((*fix)[length] == '\n');
    return out;
}

static void
put_full(const struct page *page, const struct finding *finding)
{
    const struct output *output = &page->check->cli->output;
    const char *fix = finding->fix;
    char step[CHECK_CURE_MAX * 2], first[16];

    (void) snprintf(first, sizeof(first), "(%u) ", finding->number);
    put_wrapped(page->file, first, finding->text);
    while (next_step(&fix, step, sizeof(step)) != NULL) {
        (void) fputs(output_begin(output, TONE_STRONG), page->file);
        put_wrapped(page->file, "    ", step);
        (void) fputs(output_end(output), page->file);
    }
}

/* "2 problems, 1 warning" */
static void
count(const struct check *check, char out[64])
{
    size_t problems = check->problems, warnings = check->warnings;

    if (problems == 0)
        (void) snprintf(out, 64, "No problems");
    else
        (void) snprintf(out, 64, "%zu problem%s", problems,
                        problems == 1 ? "" : "s");
    if (warnings > 0)
        (void) snprintf(out + strlen(out), 64 - strlen(out), ", %zu warning%s",
                        warnings, warnings == 1 ? "" : "s");
}

static bool
is_skipped(const struct check *check)
{
    for (size_t i = 0; i < check->finding_count; i++)
        if (check->findings[i].level == CHECK_SKIP)
            return true;
    return false;
}

static void
put_verdict(const struct page *page)
{
    const struct check *check = page->check;
    const struct output *output = &check->cli->output;
    size_t all = check->problems + check->warnings;
    char counted[64], name[NAME_SIZE];

    count(check, counted);
    (void) fprintf(page->file, "\n%s%s%s%s",
                   output_begin(output, check->problems > 0   ? TONE_BAD
                                        : check->warnings > 0 ? TONE_WARNING
                                                              : TONE_GOOD),
                   counted, output_end(output),
                   is_skipped(check) && check->problems == 0
                       ? " in what was looked at"
                       : "");
    (void) fputs(all > 1 && check->problems > 0
                     ? ". Solve them in this order:\n"
                 : all > 0 ? ":\n"
                           : ".",
                 page->file);
    if (all > 0)
        return;
    if (check->may_sign_in)
        (void) fprintf(page->file,
                       " %s can log in if the user pool accepts the "
                       "password.\nTry it: pam-cognito login %s",
                       shown(check->user, name), name);
    (void) fputc('\n', page->file);
}

static void
put_page(const struct page *page)
{
    const struct check *check = page->check;
    size_t all = check->problems + check->warnings;

    put_group(page, GROUP_MACHINE);
    put_group(page, GROUP_POOL);
    put_group(page, GROUP_PERSON);
    put_verdict(page);
    for (unsigned int number = 1; number <= page->shape->full; number++)
        for (size_t i = 0; i < check->finding_count; i++)
            if (check->findings[i].number == number)
                put_full(page, &check->findings[i]);
    if (all > page->shape->full)
        (void) fprintf(page->file,
                       "With --problem %u: what to do about (%u).%s\n",
                       page->shape->full + 1, page->shape->full + 1,
                       all > page->shape->full + page->shape->others
                           ? " With --verbose: all."
                           : "");
}

/* The page in that shape, and how many lines it has; NULL without memory. */
static char *
draw(const struct check *check, const struct shape *shape, size_t *rows_out)
{
    struct page page = {.check = check, .shape = shape};
    char *text = NULL;
    size_t size = 0;

    page.file = open_memstream(&text, &size);
    if (page.file == NULL)
        return NULL;
    put_page(&page);
    if (fclose(page.file) != 0) {
        free(text);
        return NULL;
    }
    *rows_out = 0;
    for (const char *at = text; *at != '\0'; at++)
        *rows_out += *at == '\n';
    return text;
}

static void
print_table(const struct check *check)
{
    static const struct shape shapes[] = {
        {{false, false, false}, false, 2, 99},
        {{false, true, false}, false, 2, 99},
        {{false, true, true}, false, 2, 99},
        {{true, true, true}, false, 2, 99},
        {{true, true, true}, true, 2, 99},
        {{true, true, true}, false, 1, 99},
        {{true, true, true}, false, 1, 4},
        {{true, true, true}, true, 1, 4},
        {{true, true, true}, true, 1, 0},
    };
    char *text = NULL;
    size_t rows = ROWS + 1;

    for (size_t i = 0; rows > ROWS && i < sizeof(shapes) / sizeof(shapes[0]);
         i++) {
        free(text);
        text = draw(check, &shapes[i], &rows);
    }
    if (text == NULL)
        output_error("out of memory");
    else
        (void) fputs(text, stdout);
    free(text);
}

/* ---- For those who hear it, and for scripts ---- */

static void
print_plain(const struct check *check)
{
    char counted[64];

    for (size_t i = 0; i < check->finding_count; i++) {
        const struct finding *finding = &check->findings[i];
        const char *fix = finding->fix;
        char step[CHECK_CURE_MAX * 2];

        (void) printf("%s: %s: %s.", levels[finding->level].word,
                      row_of(finding)->area, finding->text);
        if (finding->number > 0)
            (void) printf(" To do (%u):", finding->number);
        for (size_t j = 0; next_step(&fix, step, sizeof(step)) != NULL; j++)
            (void) printf("%s %s", j == 0 ? "" : "; then:", step);
        (void) putchar('\n');
    }
    count(check, counted);
    (void) printf("%s.\n", counted);
}

static void
print_object(const struct check *check, const struct finding *finding)
{
    const struct finding_row *row = row_of(finding);
    static const char *const groups[] = {"machine", "pool", "person"};
    const char *fix = finding->fix;
    struct json *object = json_new();
    char step[CHECK_CURE_MAX * 2];
    bool whole = json_add_integer(object, "v", 1)
                 && json_add_text(object, "id", row->id)
                 && json_add_text(object, "group", groups[row->group])
                 && json_add_text(object, "level",
                                  levels[finding->level].level)
                 && (finding->number == 0
                     || json_add_integer(object, "order", finding->number))
                 && json_add_text(object, "area", row->area)
                 && json_add_text(object, "text", finding->text)
                 && (finding->file == NULL
                     || json_add_text(object, "file", finding->file))
                 && (finding->line == 0
                     || json_add_integer(object, "line", finding->line))
                 && json_add_array(object, "do");

    while (whole && next_step(&fix, step, sizeof(step)) != NULL)
        whole = json_append_text(object, "do", step);
    output_object(&check->cli->output, object, whole);
}

static void
print_end(const struct check *check)
{
    struct json *object = json_new();
    bool whole = json_add_integer(object, "v", 1)
                 && json_add_text(object, "id", "end")
                 && json_add_integer(object, "fail", (int64_t) check->problems)
                 && json_add_integer(object, "warn", (int64_t) check->warnings)
                 && json_add_array(object, "skip")
                 && json_add_text(object, "user",
                                  check->user == NULL ? "" : check->user)
                 && json_add_boolean(object, "may_sign_in",
                                     check->may_sign_in
                                         && check->problems == 0);

    for (size_t i = 0; whole && i < check->finding_count; i++)
        if (check->findings[i].level == CHECK_SKIP)
            whole = json_append_text(object, "skip",
                                     row_of(&check->findings[i])->id);
    output_object(&check->cli->output, object, whole);
}

void
table_print(const struct check *check)
{
    if (!check->cli->output.json) {
        if (check->cli->one_a_line)
            print_plain(check);
        else
            print_table(check);
        return;
    }
    for (size_t i = 0; i < check->finding_count; i++)
        print_object(check, &check->findings[i]);
    print_end(check);
}

bool
table_print_one(const struct check *check, unsigned int number)
{
    const struct page page = {.check = check, .file = stdout};

    for (size_t i = 0; i < check->finding_count; i++)
        if (check->findings[i].number == number && number > 0) {
            put_full(&page, &check->findings[i]);
            return true;
        }
    output_error("check: there is no problem or warning %u", number);
    return false;
}
