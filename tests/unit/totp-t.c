/*
 * The otpauth URI and the drawing of it: what must be escaped, what must fit,
 * and that every character of the drawing may be sent to a terminal. That a
 * camera reads it is tested in tests/module/challenges.py.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "flows/totp.h"

#include <string.h>

#include "common/text.h"
#include "tap.h"

#define HOST "bastion"
#define KEY "JBSWY3DPEHPK3PXP"
/* As long as the service's. */
#define LONG_KEY "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPABCD"

static void
test_uri(const char *issuer, const char *user, const char *key,
         const char *wanted)
{
    char uri[TOTP_URI_SIZE + 1];

    uri[TOTP_URI_SIZE] = '#';
    ok(totp_uri(issuer, user, key, uri), "%s fits", wanted);
    is_text(uri, wanted, wanted);
    ok(uri[TOTP_URI_SIZE] == '#', "nothing is written behind it");
}

static void
test_escaped(const char *user, const char *escaped)
{
    char wanted[256];

    (void) snprintf(wanted, sizeof(wanted),
                    "otpauth://totp/" HOST ":%s?secret=" KEY "&issuer=" HOST,
                    escaped);
    test_uri(HOST, user, KEY, wanted);
}

static void
test_uris(void)
{
    test_escaped("alice", "alice");
    test_escaped("a.b-c_d~9", "a.b-c_d~9");
    test_escaped("alice@example.com", "alice%40example.com");
    test_escaped("a b", "a%20b");
    test_escaped("a:b", "a%3Ab");
    test_escaped("a&issuer=b?c#d", "a%26issuer%3Db%3Fc%23d");
    test_escaped("50%", "50%25");
    test_escaped("zo\xc3\xab", "zo%C3%AB");
    test_escaped("", "");
}

/* Names that are cut, never the key, and never within a character. */
static void
test_long_uris(void)
{
    char uri[TOTP_URI_SIZE], key[105];

    test_uri("bastion", "alice", LONG_KEY,
             "otpauth://totp/bastion:alice?secret=" LONG_KEY
             "&issuer=bastion");
    test_uri("bastion", "alice.example", LONG_KEY,
             "otpauth://totp/bastion:alice.example?secret=" LONG_KEY);
    test_uri(
        "bastion", "a-name-of-forty-letters-which-is-allowed", LONG_KEY,
        "otpauth://totp/bastion:a-name-of-forty-letters?secret=" LONG_KEY);
    test_uri(
        "a-host-with-a-long-name", "a-name-of-forty-letters", LONG_KEY,
        "otpauth://totp/a-host-with-a-lo:a-name-of-fort?secret=" LONG_KEY);
    test_uri("bastion", "zo\xc3\xab-zo\xc3\xab-zo\xc3\xab", LONG_KEY,
             "otpauth://totp/bastion:zo%C3%AB-zo%C3%AB-zo?secret=" LONG_KEY);
    memset(key, 'A', sizeof(key));
    key[sizeof(key) - 1] = '\0';
    ok(!totp_uri("bastion", "alice", key, uri), "a key that leaves no room");
    key[64] = '\0';
    ok(totp_uri("bastion", "alice.example", key, uri)
           && strlen(uri) == TOTP_URI_SIZE - 1 && strcmp(uri + 42, key) == 0,
       "the longest that leaves some");
}

/* The drawing of a text: lines, the characters of each. */
static void
test_drawing(const char *text, size_t modules)
{
    char drawing[TOTP_BLOCK_MAX] = "";
    size_t lines = 0, width = 0;
    bool even = true;

    ok(totp_draw(text, drawing, sizeof(drawing)), "%zu bytes are drawn",
       strlen(text));
    ok(text_is_block(drawing), "with nothing but block elements");
    for (const char *line = drawing; line != NULL; lines++) {
        const char *end = strchrnul(line, '\n');
        size_t characters;

        even &= text_is_utf8(line, (size_t) (end - line), &characters)
                && (lines == 0 || characters == width);
        width = characters;
        line = *end == '\0' ? NULL : end + 1;
    }
    ok(even, "lines of one length");
    /* Two light modules on each side; two rows of modules a line. */
    is_number((int64_t) width, (int64_t) modules + 4, "the width");
    is_number((int64_t) lines, ((int64_t) modules + 4 + 1) / 2, "the height");
    ok(strncmp(drawing, "\xe2\x96\x88", 3) == 0, "the border is light");
}

/* Capacities of ISO/IEC 18004, level L, bytes. */
static void
test_drawings(void)
{
    char text[600];

    memset(text, 'a', sizeof(text));
    text[17] = '\0';
    test_drawing(text, 21);
    text[17] = 'a';
    text[18] = '\0';
    test_drawing(text, 25);
    text[18] = 'a';
    text[TOTP_URI_SIZE - 1] = '\0';
    test_drawing(text, 37);
    text[TOTP_URI_SIZE - 1] = 'a';
    text[271] = '\0';
    test_drawing(text, 57);
}

static void
test_drawing_sizes(void)
{
    char drawing[TOTP_BLOCK_MAX] = "", small[TOTP_BLOCK_MAX];
    char text[3200];
    bool refused = true, kept = true;
    size_t length;

    need(totp_draw("abc", drawing, sizeof(drawing)), "a drawing");
    length = strlen(drawing);
    for (size_t size = 1; size <= length; size++) {
        memset(small, '#', sizeof(small));
        small[0] = '\0';
        refused &= !totp_draw("abc", small, size);
        kept &= small[size] == '#';
    }
    ok(refused, "no size under %zu is enough", length + 1);
    ok(kept, "nothing is written past a size");
    memset(text, 'a', sizeof(text));
    text[1000] = drawing[0] = '\0';
    ok(!totp_draw(text, drawing, sizeof(drawing)),
       "1000 bytes do not fit a block");
    text[1000] = 'a';
    text[3000] = drawing[0] = '\0';
    ok(!totp_draw(text, drawing, sizeof(drawing)),
       "3000 bytes do not fit any code");
}

int
main(void)
{
    test_uris();
    test_long_uris();
    test_drawings();
    test_drawing_sizes();
    return done_testing();
}
