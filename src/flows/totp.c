/*
 * An authenticator app, set up at the prompt: its key as a drawing and as
 * text, and its first code. The only user of libqrencode; where the drawing
 * is shown is talk's to know.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "flows/totp.h"

#include <qrencode.h>
#include <stdio.h>
#include <string.h>

#include "common/prompt.h"

#define KEY_MAX 104    /* characters of a key that fit a prompt in groups */
#define ISSUER_FITS 16 /* bytes of it that a label keeps when it is long */
#define DIGITS 6
#define QUIET 2 /* modules around the code; four do not fit 80 columns */
#define DEVICE_NAME "pam_cognito"

/*
 * Letters, digits and what else a URI takes as it is; the rest as %XX. What
 * does not fit is left out, from a character on. Was there room for all?
 */
static bool
append_escaped(char *out, size_t size, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    size_t used = strlen(out), whole = used;

    for (; *text != '\0'; text++) {
        bool is_plain = strchr(plain, *text) != NULL;

        /* UTF-8: not within a character. */
        if (((unsigned char) *text & 0xc0) != 0x80)
            whole = used;
        if (size - used <= (is_plain ? 1 : 3)) {
            out[whole] = '\0';
            return false;
        }
        if (is_plain)
            out[used++] = *text;
        else
            used += (size_t) snprintf(out + used, size - used, "%%%02X",
                                      (unsigned char) *text);
        out[used] = '\0';
    }
    return true;
}

static bool
append_plain(char *out, size_t size, const char *text)
{
    size_t used = strlen(out);

    return (size_t) snprintf(out + used, size - used, "%s", text)
           < size - used;
}

/* With all that an app likes to have; false when that is too long. */
static bool
write_whole(const char *issuer, const char *user, const char *key, char *out,
            size_t size)
{
    out[0] = '\0';
    return append_plain(out, size, "otpauth://totp/")
           && append_escaped(out, size, issuer) && append_plain(out, size, ":")
           && append_escaped(out, size, user)
           && append_plain(out, size, "?secret=")
           && append_plain(out, size, key)
           && append_plain(out, size, "&issuer=")
           && append_escaped(out, size, issuer);
}

bool
totp_uri(const char *issuer, const char *user, const char *key,
         char out[TOTP_URI_SIZE])
{
    const char *start = "otpauth://totp/";
    size_t room = TOTP_URI_SIZE - strlen("?secret=") - strlen(key);
    size_t kept = strlen(start) + ISSUER_FITS + 1;

    if (write_whole(issuer, user, key, out, TOTP_URI_SIZE))
        return true;
    out[0] = '\0';
    if (strlen(key) > TOTP_URI_SIZE - kept - strlen("?secret=:u"))
        return false;
    (void) append_plain(out, kept, start);
    (void) append_escaped(out, kept, issuer);
    (void) append_plain(out, room, ":");
    (void) append_escaped(out, room, user);
    return append_plain(out, TOTP_URI_SIZE, "?secret=")
           && append_plain(out, TOTP_URI_SIZE, key);
}

/* Is the module at row, column light? The border is. */
static bool
is_light(const QRcode *code, int row, int column)
{
    if (row < 0 || column < 0 || row >= code->width || column >= code->width)
        return true;
    return (code->data[row * code->width + column] & 1) == 0;
}

/*
 * Light modules are drawn: terminals are dark more often than not, and
 * scanners read the inverse of an inverted code.
 */
static const char *
half_blocks(bool upper, bool lower)
{
    if (upper && lower)
        return "\xe2\x96\x88";
    if (upper)
        return "\xe2\x96\x80";
    return lower ? "\xe2\x96\x84" : " ";
}

bool
totp_draw(const char *text, char *out, size_t size)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
    bool fits = code != NULL;

    for (int row = -QUIET; fits && row < code->width + QUIET; row += 2) {
        for (int column = -QUIET; fits && column < code->width + QUIET;
             column++)
            fits = append_plain(out, size,
                                half_blocks(is_light(code, row, column),
                                            is_light(code, row + 1, column)));
        /* None behind the last line: who shows it ends it. */
        if (row + 2 < code->width + QUIET)
            fits = fits && append_plain(out, size, "\n");
    }
    if (code != NULL)
        secret_wipe(code->data, (size_t) code->width * (size_t) code->width);
    QRcode_free(code);
    return fits;
}

/* The key as people type it: groups of four. */
static void
group(const char *key, char out[KEY_MAX * 2])
{
    size_t used = 0;

    for (size_t i = 0; i < KEY_MAX && key[i] != '\0'; i++) {
        if (i > 0 && i % 4 == 0)
            out[used++] = ' ';
        out[used++] = key[i];
    }
    out[used] = '\0';
}

/* Is it a key as the service's model has it: letters and digits? */
static bool
is_key(const char *key)
{
    size_t length = key == NULL ? 0 : strlen(key);

    return length > 0 && length <= KEY_MAX
           && strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                          "abcdefghijklmnopqrstuvwxyz0123456789")
                  == length;
}

/* Shows what can be scanned; the prompt has the key in any case. */
static void
show(struct flow *flow, const char *key)
{
    char uri[TOTP_URI_SIZE], block[TOTP_BLOCK_MAX];
    const char *issuer = config_text(flow->config, KEY_ISSUER_NAME);

    if (issuer == NULL)
        issuer = flow->request->host;
    (void) snprintf(block, sizeof(block), "%s\n", HINT_SCAN);
    if (flow->talk->block != NULL
        && totp_uri(issuer, flow->canonical, key, uri)
        && totp_draw(uri, block, sizeof(block)))
        (void) flow->talk->block(flow->talk, block);
    secret_wipe(uri, sizeof(uri));
    secret_wipe(block, sizeof(block));
}

/* By what the service knows who sets an app up: one of the two is NULL. */
struct proof {
    const struct secret *access_token;
    struct secret *session; /* replaced when the service gives a new one */
};

static void
renew_session(const struct proof *proof, struct cognito_answer *answer)
{
    if (proof->session != NULL && answer->session.data != NULL)
        secret_move(proof->session, &answer->session);
}

/* Verifies one code. */
static enum status
verify(struct flow *flow, const struct proof *proof, const char *code)
{
    struct cognito_answer answer = {0};
    const char *verdict;
    enum status status;

    status = cognito_verify_software_token(flow->cognito, proof->access_token,
                                           proof->session, code, DEVICE_NAME,
                                           &answer);
    flow_note(flow, &answer);
    if (status == STATUS_OK) {
        verdict = json_text(answer.body, "Status");
        if (verdict == NULL || strcmp(verdict, "SUCCESS") != 0)
            status = STATUS_WRONG_CODE;
        else
            renew_session(proof, &answer);
    }
    cognito_answer_free(&answer);
    return status;
}

static enum status
ask_first_code(struct flow *flow, const char *key, const struct proof *proof)
{
    char groups[KEY_MAX * 2], prompt[KEY_MAX * 2 + 96];
    enum status status = STATUS_WRONG_CODE;
    struct secret code = {0};

    group(key, groups);
    for (int i = 0; status == STATUS_WRONG_CODE && i < FLOW_CODES_MAX; i++) {
        (void) snprintf(prompt, sizeof(prompt), PROMPT_APP_CODE, groups);
        status = flow_ask_code(flow, prompt, DIGITS, DIGITS, &code);
        if (status == STATUS_BAD_INPUT) {
            status = STATUS_WRONG_CODE;
            continue;
        }
        if (status != STATUS_OK)
            break;
        status = verify(flow, proof, code.data);
        if (status == STATUS_WRONG_CODE || status == STATUS_CODE_EXPIRED) {
            flow_hint(flow, HINT_WRONG_CODE);
            status = STATUS_WRONG_CODE;
        }
    }
    secret_free(&code);
    secret_wipe(groups, sizeof(groups));
    secret_wipe(prompt, sizeof(prompt));
    return status;
}

/* Gets a key, shows it, and has its first code verified. */
static enum status
set_up(struct flow *flow, const struct proof *proof)
{
    struct cognito_answer answer = {0};
    struct secret key = {0};
    enum status status;

    status = cognito_associate_software_token(flow->cognito,
                                              proof->access_token,
                                              proof->session, &answer);
    flow_note(flow, &answer);
    if (status == STATUS_OK && !is_key(json_text(answer.body, "SecretCode"))) {
        flow_say_why(flow, "AssociateSoftwareToken without a usable key");
        status = STATUS_UNREADABLE;
    }
    if (status == STATUS_OK
        && !secret_set_text(&key, json_text(answer.body, "SecretCode")))
        status = STATUS_MEMORY;
    if (status == STATUS_OK) {
        renew_session(proof, &answer);
        show(flow, key.data);
        status = ask_first_code(flow, key.data, proof);
    }
    cognito_answer_free(&answer);
    secret_free(&key);
    return status;
}

enum status
totp_set_up(struct flow *flow)
{
    const struct proof proof = {.session = &flow->answer.session};
    enum status status = set_up(flow, &proof);

    return status == STATUS_OK ? flow_respond(flow, NULL, 0) : status;
}

enum status
totp_enroll(struct flow *flow)
{
    const struct proof proof = {.access_token = &flow->result->access_token};

    return set_up(flow, &proof);
}
