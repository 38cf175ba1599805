/*
 * The PAM code of every status in every phase: by hand for each reason word
 * here, and again by the rows of tests/module/errors.expected.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "pam/code.h"

#include <security/pam_modules.h>

#include "tap.h"

/* No PAM code; in errors.expected a "-". */
#define NONE (-1)

static const struct {
    const char *name;
    int code;
} names[] = {
    {"-", NONE},
    {"ACCT_EXPIRED", PAM_ACCT_EXPIRED},
    {"AUTHINFO_UNAVAIL", PAM_AUTHINFO_UNAVAIL},
    {"AUTHTOK_ERR", PAM_AUTHTOK_ERR},
    {"AUTHTOK_RECOVERY_ERR", PAM_AUTHTOK_RECOVERY_ERR},
    {"AUTH_ERR", PAM_AUTH_ERR},
    {"MAXTRIES", PAM_MAXTRIES},
    {"PERM_DENIED", PAM_PERM_DENIED},
    {"SERVICE_ERR", PAM_SERVICE_ERR},
    {"TRY_AGAIN", PAM_TRY_AGAIN},
    {"USER_UNKNOWN", PAM_USER_UNKNOWN},
};

/* What errors.expected does not have: no error of the service. */
static const struct {
    const char *reason;
    int authenticate, preliminary, update;
} others[] = {
    {"ok", PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS},
    {"empty_password", PAM_AUTH_ERR, PAM_AUTHTOK_ERR, PAM_AUTHTOK_ERR},
    {"unusable_password", PAM_AUTH_ERR, PAM_AUTHTOK_ERR, PAM_AUTHTOK_ERR},
    {"identity_mismatch", PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED},
    {"group_refused", PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED},
    {"mfa_missing", PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED},
    {"token_refused", PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED},
    {"dns", PAM_AUTHINFO_UNAVAIL, PAM_TRY_AGAIN, PAM_AUTHTOK_ERR},
    {"keys_unavailable", PAM_AUTHINFO_UNAVAIL, PAM_TRY_AGAIN, PAM_AUTHTOK_ERR},
    {"helper_failed", PAM_AUTHINFO_UNAVAIL, PAM_TRY_AGAIN, PAM_AUTHTOK_ERR},
    {"privilege", PAM_AUTHINFO_UNAVAIL, PAM_TRY_AGAIN, PAM_AUTHTOK_ERR},
    {"configuration", PAM_SERVICE_ERR, PAM_SERVICE_ERR, PAM_SERVICE_ERR},
    {"cancelled", PAM_CONV_ERR, PAM_CONV_ERR, PAM_CONV_ERR},
    {"out_of_memory", PAM_BUF_ERR, PAM_BUF_ERR, PAM_BUF_ERR},
    {"internal", PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR},
    {"challenge_unsupported", PAM_AUTH_ERR, PAM_AUTHTOK_ERR, PAM_AUTHTOK_ERR},
    {"no_dialogue", PAM_CONV_ERR, PAM_CONV_ERR, PAM_CONV_ERR},
    {"not_available", PAM_AUTH_ERR, PAM_AUTHTOK_ERR, PAM_AUTHTOK_ERR},
    {"service_refused", PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED},
    {"code_limit", PAM_MAXTRIES, PAM_AUTHTOK_ERR, PAM_AUTHTOK_ERR},
    {"outage", PAM_AUTHINFO_UNAVAIL, PAM_TRY_AGAIN, PAM_AUTHTOK_ERR},
    {"lookup_failed", PAM_SYSTEM_ERR, PAM_SYSTEM_ERR, PAM_SYSTEM_ERR},
    {"account_mismatch", PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED},
    {"sandbox", PAM_AUTHINFO_UNAVAIL, PAM_TRY_AGAIN, PAM_AUTHTOK_ERR},
    {"openssl_failed", PAM_AUTHINFO_UNAVAIL, PAM_TRY_AGAIN, PAM_AUTHTOK_ERR},
    {"peer_refused", PAM_PERM_DENIED, PAM_PERM_DENIED, PAM_PERM_DENIED},
    {"peer_limit", PAM_MAXTRIES, PAM_AUTHTOK_ERR, PAM_AUTHTOK_ERR},
    {"no_new_password", PAM_AUTH_ERR, PAM_AUTHTOK_ERR, PAM_AUTHTOK_ERR},
};

/* Reasons that stand in either table. */
static bool listed[STATUS_COUNT];

static int
code_of(const char *name)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i].name, name) == 0)
            return names[i].code;
    need(false, name);
    return NONE;
}

static void
check(const char *id, const char *reason, enum pam_phase phase, int wanted)
{
    static const char *const phases[] = {"authenticate", "prelim", "update"};
    enum status status = STATUS_OK;
    char what[160];

    (void) snprintf(what, sizeof(what), "%s: %s in %s", id, reason,
                    phases[phase]);
    if (!status_from_word(reason, &status)) {
        (void) ok(false, "%s: no such reason word", what);
        return;
    }
    listed[status] = true;
    if (wanted != NONE)
        (void) is_number(pam_code(status, phase), wanted, what);
}

/* The next field of a row, without the blanks around it. */
static char *
next_field(char **row)
{
    char *field = *row;
    char *end = strstr(field, " | ");

    if (end == NULL) {
        field[strcspn(field, ",\n")] = '\0';
        return field;
    }
    *end = '\0';
    *row = end + 3;
    return field;
}

static void
check_rows(void)
{
    FILE *file = fopen(TEST_DATA "/../module/errors.expected", "r");
    char line[1024];
    unsigned int rows = 0;

    need(file != NULL, "errors.expected cannot be read");
    while (fgets(line, sizeof(line), file) != NULL) {
        char *row = line;
        const char *id, *reason;
        int codes[3];

        if (line[0] == '#' || line[0] == '\n')
            continue;
        rows++;
        id = next_field(&row);
        (void) next_field(&row);
        for (int i = 0; i < 3; i++)
            codes[i] = code_of(next_field(&row));
        reason = next_field(&row);
        check(id, reason, PHASE_AUTHENTICATE, codes[0]);
        check(id, reason, PHASE_PRELIMINARY, codes[1]);
        check(id, reason, PHASE_UPDATE, codes[2]);
    }
    (void) fclose(file);
    ok(rows > 100, "errors.expected has its rows");
}

/* Only one status lets anybody in, and none is left to other modules. */
static void
check_all(void)
{
    for (unsigned int status = 0; status < STATUS_COUNT + 3; status++)
        for (int phase = PHASE_AUTHENTICATE; phase <= PHASE_UPDATE; phase++) {
            int code = pam_code((enum status) status, (enum pam_phase) phase);

            (void) ok((code == PAM_SUCCESS) == (status == STATUS_OK)
                          && code != PAM_IGNORE,
                      "status %u, phase %d: success is for ok alone", status,
                      phase);
        }
    is_number(pam_code(STATUS_OK, (enum pam_phase) 9), PAM_SYSTEM_ERR,
              "a phase that there is not");
    for (unsigned int status = 0; status < STATUS_COUNT; status++)
        ok(listed[status], "%s is in a table",
           status_word((enum status) status));
}

int
main(void)
{
    check_rows();
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        check("by hand", others[i].reason, PHASE_AUTHENTICATE,
              others[i].authenticate);
        check("by hand", others[i].reason, PHASE_PRELIMINARY,
              others[i].preliminary);
        check("by hand", others[i].reason, PHASE_UPDATE, others[i].update);
    }
    check_all();
    return done_testing();
}
