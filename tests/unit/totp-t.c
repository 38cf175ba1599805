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

#define POOL "eu-west-1_Local0001"
#define KEY "JBSWY3DPEHPK3PXP"

static void
test_uri(const char *user, const char *escaped)
{
    char uri[512], wanted[512];

    (void) snprintf(wanted, sizeof(wanted),
                    "otpauth://totp/" POOL ":%s?secret=" KEY "&issuer=" POOL,
                    escaped);
    ok(totp_uri(POOL, user, KEY, uri, sizeof(uri)), "%s fits", escaped);
    is_text(uri, wanted, escaped);
}

static void
test_uris(void)
{
    test_uri("alice", "alice");
    test_uri("a.b-c_d~9", "a.b-c_d~9");
    test_uri("alice@example.com", "alice%40example.com");
    test_uri("a b", "a%20b");
    test_uri("a:b", "a%3Ab");
    test_uri("a&issuer=b?c#d", "a%26issuer%3Db%3Fc%23d");
    test_uri("50%", "50%25");
    test_uri("zo\xc3\xab", "zo%C3%AB");
    test_uri("", "");
}

/* Every size too small is refused, and nothing is written past it. */
static void
test_uri_sizes(void)
{
    char uri[512], small[512];
    size_t length;
    bool refused = true, kept = true;

    need(totp_uri(POOL, "zo\xc3\xab@x", KEY, uri, sizeof(uri)), "a URI");
    length = strlen(uri);
    for (size_t size = 1; size <= length; size++) {
        memset(small, '#', sizeof(small));
        refused &= !totp_uri(POOL, "zo\xc3\xab@x", KEY, small, size);
        kept &= small[size] == '#';
    }
    ok(refused, "no size under %zu is enough", length + 1);
    ok(kept, "nothing is written past a size");
    /* Each character is given the room of an escaped one. */
    ok(totp_uri(POOL, "zo\xc3\xab@x", KEY, small, length + 4)
           && strcmp(small, uri) == 0,
       "%zu is", length + 4);
}

/* The drawing of a text: lines, the characters of each. */
static void
test_drawing(const char *text, size_t modules)
{
    char drawing[TOTP_BLOCK_MAX];
    size_t lines = 0, width = 0;
    bool even = true;

    ok(totp_draw(text, drawing, sizeof(drawing)), "%zu bytes are drawn",
       strlen(text));
    ok(text_is_block(drawing), "with nothing but block elements");
    for (const char *line = drawing; *line != '\0'; lines++) {
        const char *end = strchr(line, '\n');
        size_t characters;

        need(end != NULL, "the last line has no end");
        even &= text_is_utf8(line, (size_t) (end - line), &characters)
                && (lines == 0 || characters == width);
        width = characters;
        line = end + 1;
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
    text[154] = '\0';
    test_drawing(text, 45);
    text[154] = 'a';
    text[271] = '\0';
    test_drawing(text, 57);
}

static void
test_drawing_sizes(void)
{
    char drawing[TOTP_BLOCK_MAX], small[TOTP_BLOCK_MAX];
    char text[3200];
    bool refused = true, kept = true;
    size_t length;

    need(totp_draw("abc", drawing, sizeof(drawing)), "a drawing");
    length = strlen(drawing);
    for (size_t size = 1; size <= length; size++) {
        memset(small, '#', sizeof(small));
        refused &= !totp_draw("abc", small, size);
        kept &= small[size] == '#';
    }
    ok(refused, "no size under %zu is enough", length + 1);
    ok(kept, "nothing is written past a size");
    memset(text, 'a', sizeof(text));
    text[1000] = '\0';
    ok(!totp_draw(text, drawing, sizeof(drawing)),
       "1000 bytes do not fit a block");
    text[1000] = 'a';
    text[3000] = '\0';
    ok(!totp_draw(text, drawing, sizeof(drawing)),
       "3000 bytes do not fit any code");
}

int
main(void)
{
    test_uris();
    test_uri_sizes();
    test_drawings();
    test_drawing_sizes();
    return done_testing();
}
