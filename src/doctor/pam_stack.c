/*
 * Reads the files of a PAM service as Linux-PAM does and runs through a stack
 * with invented answers. Loads no module, opens nothing but those files.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/pam_stack.h"

#include <errno.h>
#include <limits.h>
#include <security/_pam_types.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "common/secret.h"
#include "common/text.h"

#define DEPTH_MAX 16
#define OTHER "other"
#define TEXT_MAX 4096

static const char *const phases[PAM_PHASE_COUNT] = {"auth", "account",
                                                    "session", "password"};

/* Where a line stands while files include each other. */
struct place {
    const char *const *folders;
    const char *file;
    unsigned int number;
    mode_t mode;
    int depth;
    int level;
    int only; /* a phase, or -1 for all */
};

static bool read_file(struct pam_stack *stack, const struct place *from,
                      const char *name, int level, int only);

/* The first fault is the one to mend. */
__attribute__((format(printf, 3, 4))) static bool
refuse(struct pam_stack *stack, const struct place *place, const char *format,
       ...)
{
    char line[160], shown[81];
    va_list arguments;

    if (stack->error[0] != '\0')
        return false;
    va_start(arguments, format);
    (void) vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    (void) snprintf(stack->error, sizeof(stack->error), "%s line %u: %s",
                    text_path(place->file, shown, sizeof(shown)),
                    place->number, line);
    return false;
}

static void
set_actions(struct pam_line *line, int success, int ignore, int other)
{
    for (int code = 0; code < PAM_CODE_COUNT; code++)
        line->actions[code] = other;
    line->actions[PAM_SUCCESS] = success;
    line->actions[PAM_NEW_AUTHTOK_REQD] = success;
    line->actions[PAM_IGNORE] = ignore;
}

static bool
read_action(const char *word, int *action_out)
{
    static const struct {
        const char *word;
        int action;
    } actions[] = {
        {"ignore", PAM_ACTION_IGNORE}, {"ok", PAM_ACTION_OK},
        {"done", PAM_ACTION_DONE},     {"bad", PAM_ACTION_BAD},
        {"die", PAM_ACTION_DIE},       {"reset", PAM_ACTION_RESET},
    };
    char *end = NULL;
    long number;

    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
        if (strcmp(actions[i].word, word) == 0) {
            *action_out = actions[i].action;
            return true;
        }
    if (word[0] < '1' || word[0] > '9')
        return false;
    number = strtol(word, &end, 10);
    *action_out = (int) number;
    return *end == '\0' && number < PAM_LINES_MAX;
}

/* "value=action ..." from between brackets. */
static bool
read_pairs(struct pam_line *line, const char *text)
{
    int other = PAM_ACTION_UNSET, action, code;
    char copy[TEXT_MAX];
    char *rest = NULL;

    for (code = 0; code < PAM_CODE_COUNT; code++)
        line->actions[code] = PAM_ACTION_UNSET;
    (void) snprintf(copy, sizeof(copy), "%s", text);
    for (char *pair = strtok_r(copy, " \t\n", &rest); pair != NULL;
         pair = strtok_r(NULL, " \t\n", &rest)) {
        char *equals = strchr(pair, '=');

        if (equals == NULL || !read_action(equals + 1, &action))
            return false;
        /* Of several defaults the first counts, of other values the last. */
        if (strncmp(pair, "default=", 8) == 0)
            other = other == PAM_ACTION_UNSET ? action : other;
        else if (pam_code_from_word(pair, (int) (equals - pair), &code))
            line->actions[code] = action;
        else
            return false;
    }
    for (code = 0; code < PAM_CODE_COUNT; code++)
        if (line->actions[code] == PAM_ACTION_UNSET)
            line->actions[code] = other == PAM_ACTION_UNSET ? PAM_ACTION_BAD
                                                            : other;
    return true;
}

static bool
read_control(struct pam_line *line, const char *text, bool brackets)
{
    if (brackets)
        return read_pairs(line, text);
    if (strcasecmp(text, "required") == 0)
        set_actions(line, PAM_ACTION_OK, PAM_ACTION_IGNORE, PAM_ACTION_BAD);
    else if (strcasecmp(text, "requisite") == 0)
        set_actions(line, PAM_ACTION_OK, PAM_ACTION_IGNORE, PAM_ACTION_DIE);
    else if (strcasecmp(text, "sufficient") == 0)
        set_actions(line, PAM_ACTION_DONE, PAM_ACTION_IGNORE,
                    PAM_ACTION_IGNORE);
    else if (strcasecmp(text, "optional") == 0)
        set_actions(line, PAM_ACTION_OK, PAM_ACTION_IGNORE, PAM_ACTION_IGNORE);
    else
        return false;
    return true;
}

/*
 * The next word, cut out of *text in place; [a b \] c] is one. NULL at the
 * end. *brackets_out: did it stand in brackets?
 */
static char *
next_word(char **text, bool *brackets_out)
{
    char *start = *text + strspn(*text, " \t");
    char *to = start;

    *brackets_out = *start == '[';
    if (*start == '\0')
        return NULL;
    if (!*brackets_out) {
        *text = start + strcspn(start, " \t");
        if (**text != '\0')
            *(*text)++ = '\0';
        return start;
    }
    for (start++, *text = start; **text != '\0' && **text != ']'; (*text)++) {
        if (**text == '\\' && (*text)[1] == ']')
            (*text)++;
        *to++ = **text;
    }
    if (**text == ']')
        (*text)++;
    *to = '\0';
    return start - 1;
}

static bool
find_phase(const char *word, int *phase_out)
{
    word += word[0] == '-';
    for (int i = 0; i < PAM_PHASE_COUNT; i++)
        if (strcasecmp(phases[i], word) == 0) {
            *phase_out = i;
            return true;
        }
    return false;
}

static struct pam_line *
new_line(struct pam_stack *stack, const struct place *place, int phase)
{
    struct pam_line *line;

    if (stack->count == PAM_LINES_MAX)
        return NULL;
    line = &stack->lines[stack->count++];
    memset(line, 0, sizeof(*line));
    line->phase = (enum pam_stack_phase) phase;
    line->level = place->level;
    line->file = strdup(place->file);
    line->number = place->number;
    line->mode = place->mode;
    line->included = place->depth > 0;
    return line;
}

static bool
fill_line(struct pam_line *line, const char *control, bool brackets,
          const char *module, char *rest)
{
    char *word;

    if (asprintf(&line->control, brackets ? "[%s]" : "%s", control) < 0)
        line->control = NULL;
    line->module = strdup(module);
    if (line->file == NULL || line->control == NULL || line->module == NULL)
        return false;
    while ((word = next_word(&rest, &brackets)) != NULL
           && line->argument_count < PAM_ARGUMENTS_MAX) {
        line->arguments[line->argument_count] = strdup(word);
        if (line->arguments[line->argument_count++] == NULL)
            return false;
    }
    return true;
}

/* "include" and "substack" as controls. */
static bool
read_inclusion(struct pam_stack *stack, const struct place *place,
               const char *control, const char *name, int phase)
{
    bool substack = strcasecmp(control, "substack") == 0;

    if (substack) {
        struct pam_line *mark = new_line(stack, place, phase);

        if (mark == NULL)
            return refuse(stack, place, "%s", "too many lines");
        mark->is_substack = true;
    }
    return read_file(stack, place, name, place->level + substack, phase);
}

static bool
read_entry(struct pam_stack *stack, const struct place *place, char *text)
{
    bool brackets, ignored, silent;
    char *word = next_word(&text, &ignored);
    char *control, *module;
    struct pam_line *line;
    int phase;

    if (word == NULL)
        return true;
    if (strcmp(word, "@include") == 0) {
        word = next_word(&text, &ignored);
        return word == NULL
                   ? refuse(stack, place, "%s", "@include without a file")
                   : read_file(stack, place, word, place->level, place->only);
    }
    if (!find_phase(word, &phase))
        return refuse(stack, place, "%s",
                      "expected auth, account, session or password");
    silent = word[0] == '-';
    if (place->only >= 0 && place->only != phase)
        return true;
    control = next_word(&text, &brackets);
    module = control == NULL ? NULL : next_word(&text, &ignored);
    if (module == NULL)
        return refuse(stack, place, "%s", "control or module is missing");
    if (!brackets
        && (strcasecmp(control, "include") == 0
            || strcasecmp(control, "substack") == 0))
        return read_inclusion(stack, place, control, module, phase);
    line = new_line(stack, place, phase);
    if (line == NULL || !fill_line(line, control, brackets, module, text))
        return refuse(stack, place, "%s", "too many lines");
    line->silent = silent;
    line->is_broken = !read_control(line, control, brackets);
    if (line->is_broken)
        return refuse(stack, place, "%s",
                      "expected a control, such as required");
    return true;
}

/* Cuts a comment off; a # inside brackets is none. */
static void
cut_comment(char *text)
{
    bool inside = false;

    for (char *at = text; *at != '\0'; at++) {
        if (*at == '[')
            inside = true;
        else if (*at == ']')
            inside = false;
        else if (*at == '#' && !inside) {
            *at = '\0';
            return;
        }
    }
}

/*
 * The next line, with those joined that end in a backslash. False at the end.
 */
static bool
next_text(FILE *file, struct place *place, char out[TEXT_MAX])
{
    size_t used = 0, length;

    out[0] = '\0';
    while (fgets(out + used, (int) (TEXT_MAX - used), file) != NULL) {
        place->number++;
        length = strlen(out);
        while (length > 0 && strchr("\r\n", out[length - 1]) != NULL)
            out[--length] = '\0';
        if (length == 0 || out[length - 1] != '\\')
            return true;
        out[length - 1] = ' ';
        used = length;
        if (used + 1 >= TEXT_MAX)
            return true;
    }
    return used > 0;
}

static FILE *
open_named(const struct place *from, const char *name, char path[PATH_MAX])
{
    FILE *file = NULL;

    if (name[0] == '/') {
        (void) snprintf(path, PATH_MAX, "%s", name);
        return fopen(path, "re");
    }
    for (size_t i = 0; file == NULL && i < PLACES_PAM; i++) {
        (void) snprintf(path, PATH_MAX, "%s/%s", from->folders[i], name);
        file = fopen(path, "re");
        if (file == NULL && errno != ENOENT)
            return NULL;
    }
    /* Where it is looked for first is where it is missed. */
    if (file == NULL)
        (void) snprintf(path, PATH_MAX, "%s/%s", from->folders[0], name);
    return file;
}

static bool
read_file(struct pam_stack *stack, const struct place *from, const char *name,
          int level, int only)
{
    struct place place = {.folders = from->folders,
                          .depth = from->depth + 1,
                          .level = level,
                          .only = only};
    char path[PATH_MAX], text[TEXT_MAX], shown[81];
    struct stat st;
    bool good = true;
    FILE *file;

    if (place.depth > DEPTH_MAX)
        return refuse(stack, from, "%s", "files include each other too deep");
    file = open_named(from, name, path);
    if (file == NULL) {
        if (from->depth >= 0)
            return refuse(stack, from,
                          "includes a file that cannot be read, %s",
                          text_path(path, shown, sizeof(shown)));
        stack->absent = errno == ENOENT;
        (void) snprintf(stack->error, sizeof(stack->error), "%s: %s",
                        text_path(path, shown, sizeof(shown)),
                        strerror(errno));
        return false;
    }
    place.file = path;
    place.mode = fstat(fileno(file), &st) == 0 ? st.st_mode : 0;
    while (next_text(file, &place, text)) {
        cut_comment(text);
        good = read_entry(stack, &place, text) && good;
    }
    (void) fclose(file);
    return good;
}

static bool
has_phase(const struct pam_stack *stack, int phase)
{
    for (size_t i = 0; i < stack->count; i++)
        if ((int) stack->lines[i].phase == phase)
            return true;
    return false;
}

bool
pam_stack_read(struct pam_stack *stack, const char *const folders[PLACES_PAM],
               const char *service)
{
    struct place outside
        = {.folders = folders, .file = service, .depth = -1, .only = -1};

    memset(stack, 0, sizeof(*stack));
    stack->lines = calloc(PAM_LINES_MAX, sizeof(*stack->lines));
    if (stack->lines == NULL) {
        (void) snprintf(stack->error, sizeof(stack->error), "out of memory");
        return false;
    }
    return read_file(stack, &outside, service, 0, -1);
}

bool
pam_stack_read_other(struct pam_stack *stack,
                     const char *const folders[PLACES_PAM])
{
    struct place outside
        = {.folders = folders, .file = OTHER, .depth = -1, .only = -1};
    char missing[sizeof(stack->error)], path[PATH_MAX];
    FILE *file = open_named(&outside, OTHER, path);
    bool good = true;

    if (file == NULL)
        return !stack->absent;
    (void) fclose(file);
    (void) snprintf(missing, sizeof(missing), "%s", stack->error);
    stack->error[0] = '\0';
    for (int phase = 0; phase < PAM_PHASE_COUNT; phase++)
        if (!has_phase(stack, phase))
            good = read_file(stack, &outside, OTHER, 0, phase) && good;
    if (good && stack->absent && stack->count > 0) {
        stack->absent = false;
        stack->by_other = true;
    } else if (good) {
        (void) snprintf(stack->error, sizeof(stack->error), "%s", missing);
    }
    return good && !stack->absent;
}

void
pam_stack_free(struct pam_stack *stack)
{
    for (size_t i = 0; i < stack->count; i++) {
        struct pam_line *line = &stack->lines[i];

        for (size_t j = 0; j < line->argument_count; j++) {
            /* It may hold a client secret. */
            if (line->arguments[j] != NULL)
                secret_wipe(line->arguments[j], strlen(line->arguments[j]));
            free(line->arguments[j]);
        }
        free(line->control);
        free(line->module);
        free(line->file);
    }
    free(stack->lines);
    memset(stack, 0, sizeof(*stack));
}

bool
pam_line_is(const struct pam_line *line, const char *module)
{
    const char *name;

    if (line->is_substack || line->module == NULL)
        return false;
    name = strrchr(line->module, '/');
    return strcmp(name == NULL ? line->module : name + 1, module) == 0;
}

bool
pam_line_has(const struct pam_line *line, const char *argument)
{
    for (size_t i = 0; i < line->argument_count; i++)
        if (strcmp(line->arguments[i], argument) == 0)
            return true;
    return false;
}

/* ---- Running ---- */

struct state {
    int status;
    enum { UNDECIDED, POSITIVE, NEGATIVE } impression;
};

struct run {
    const struct pam_stack *stack;
    enum pam_stack_phase phase;
    struct state now;
    struct state entered[DEPTH_MAX + 2]; /* when that level was */
};

/* The index of the phase's next line after at, or count. */
static size_t
after(const struct run *run, size_t at)
{
    do
        at++;
    while (at < run->stack->count
           && run->stack->lines[at].phase != run->phase);
    return at;
}

static int
level_of(const struct run *run, size_t at)
{
    return at < run->stack->count ? run->stack->lines[at].level : -1;
}

/* Jumps over so many lines of this level; false past the end. */
static bool
jump(struct run *run, size_t *at, int lines)
{
    int level = level_of(run, *at);

    while (lines > 0 && level_of(run, after(run, *at)) >= level) {
        do
            *at = after(run, *at);
        while (level_of(run, after(run, *at)) > level);
        lines--;
    }
    return lines == 0;
}

static void
take_good(struct run *run, int code)
{
    if (run->now.impression == UNDECIDED
        || (run->now.impression == POSITIVE && run->now.status == PAM_SUCCESS))
        run->now = (struct state){code, POSITIVE};
}

static void
take_bad(struct run *run, int code)
{
    if (run->now.impression != NEGATIVE)
        run->now = (struct state){code == PAM_IGNORE ? PAM_PERM_DENIED : code,
                                  NEGATIVE};
}

/* Does the action decide here? */
static bool
act(struct run *run, size_t *at, int action, int code)
{
    switch (action) {
    case PAM_ACTION_IGNORE:
        return false;
    case PAM_ACTION_RESET:
        run->now = run->entered[run->stack->lines[*at].level];
        return false;
    case PAM_ACTION_OK:
        take_good(run, code);
        return false;
    case PAM_ACTION_DONE:
        take_good(run, code);
        return run->now.impression == POSITIVE;
    case PAM_ACTION_BAD:
        take_bad(run, code);
        return false;
    case PAM_ACTION_DIE:
        take_bad(run, code);
        return true;
    default:
        if (!jump(run, at, action))
            run->now = (struct state){PAM_PERM_DENIED, NEGATIVE};
        return false;
    }
}

int
pam_stack_run(const struct pam_stack *stack, enum pam_stack_phase phase,
              int (*outcome)(const struct pam_line *line, void *context),
              void *context)
{
    const struct state start = {PAM_PERM_DENIED, UNDECIDED};
    struct run run
        = {.stack = stack, .phase = phase, .now = start, .entered = {start}};
    size_t at = after(&run, (size_t) -1);

    while (at < stack->count) {
        const struct pam_line *line = &stack->lines[at];
        int code;

        if (line->is_substack) {
            run.entered[line->level + 1] = run.now;
            at = after(&run, at);
            continue;
        }
        code = outcome(line, context);
        if (code == PAM_STACK_ABSENT) {
            at = after(&run, at);
            continue;
        }
        if (code < 0 || code >= PAM_CODE_COUNT)
            code = PAM_SYSTEM_ERR;
        if (act(&run, &at, line->actions[code], code)) {
            if (line->level == 0)
                break;
            /* A substack decides for itself only. */
            while (level_of(&run, after(&run, at)) >= line->level)
                at = after(&run, at);
        }
        at = after(&run, at);
    }
    if (run.now.status == PAM_SUCCESS && run.now.impression != POSITIVE)
        return PAM_PERM_DENIED;
    return run.now.status;
}
