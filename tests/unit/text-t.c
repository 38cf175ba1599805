/*
 * What may be shown, what may be sent: src/common/text.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "config.h"

#include "common/text.h"

#include "tap.h"

static void
test_clean(void)
{
    static const struct {
        const char *text;
        const char *wanted;
        const char *what;
    } cases[] = {
        {"", "", "nothing"},
        {NULL, "", "NULL"},
        {"plain ~ text", "plain ~ text", "ASCII stays"},
        {"Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x94\x91",
         "Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x94\x91", "UTF-8 stays"},
        {"a\x1b[31mb", "a?[31mb", "ESC"},
        {"a\r\nb\tc", "a??b?c", "CR, LF and TAB"},
        {"a\x7f"
         "b",
         "a?b", "DEL"},
        {"a\xc2\x9b"
         "b",
         "a?b", "C1 (CSI) is one ?"},
        {"a\xe2\x80\xae"
         "b",
         "a?b", "right-to-left override"},
        {"\xe2\x81\xa6\xe2\x81\xa9", "??", "isolates"},
        {"\xe2\x80\x8b\xe2\x80\x8f\xef\xbb\xbf", "???",
         "zero width space, mark, byte order mark"},
        {"\xe2\x80\xa8\xe2\x80\xa9", "??", "line and paragraph separators"},
        {"\xc2\xad", "?", "soft hyphen"},
        {"\xf3\xa0\x81\x81", "?", "tag character"},
        {"\xef\xb8\x8f", "?", "variation selector"},
        {"\xef\xbf\xbf", "?", "noncharacter U+FFFF"},
        {"\xf4\x8f\xbf\xbe", "?", "noncharacter U+10FFFE"},
        {"\xc0\xaf", "??", "overlong slash"},
        {"\xe0\x80\xaf", "???", "overlong in three"},
        {"\xed\xa0\x80", "???", "surrogate"},
        {"\xf4\x90\x80\x80", "????", "above U+10FFFF"},
        {"\xff\xfe", "??", "no UTF-8 at all"},
        {"\xc3", "?", "cut in the middle"},
        {"\xe2\x82x", "??x", "broken in the middle"},
        {"%n%s", "%n%s", "percent signs stay"},
    };
    char out[300];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(out, 'X', sizeof out);
        text_clean(cases[i].text, out, sizeof out);
        is_text(out, cases[i].wanted, cases[i].what);
    }
}

static void
test_clean_sizes(void)
{
    char out[300];
    char longer[300];

    text_clean("abcdef", out, 4);
    is_text(out, "abc", "cut to the size with the NUL");
    text_clean("abc", out, 4);
    is_text(out, "abc", "fits exactly");
    text_clean("ab\xe2\x82\xac", out, 5);
    is_text(out, "ab", "no character is cut in two");
    text_clean("ab\xe2\x82\xac", out, 6);
    is_text(out, "ab\xe2\x82\xac", "one that fits stays");
    text_clean("a", out, 1);
    is_text(out, "", "room for the NUL only");
    out[0] = 'X';
    text_clean("a", out, 0);
    ok(out[0] == 'X', "size 0 writes nothing");
    memset(longer, 'y', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    text_clean(longer, out, sizeof out);
    is_number((int64_t) strlen(out), 200, "200 bytes at most");
    is_text(out + 190, "yyyyyyy...", "which says that it was cut");
    longer[200] = '\0';
    text_clean(longer, out, sizeof out);
    is_text(out, longer, "200 bytes fit");
    memcpy(longer + 195, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 10);
    text_clean(longer, out, sizeof out);
    is_text(out + 190, "yyyyy...", "a character that the dots would split");
    text_clean("ab\xe2\x82\xac"
               "cdefghijklmnop",
               out, 17);
    is_text(out,
            "ab\xe2\x82\xac"
            "cdefghij...",
            "and so in a shorter text");
    text_clean("abcdefghijklmnopqr", out, 16);
    is_text(out, "abcdefghijklmno", "below 16 bytes there is no room for it");
    text_clean_bytes("a\0b", 3, out, sizeof out);
    is_text(out, "a?b", "a NUL among bytes");
    text_clean_bytes(NULL, 0, out, sizeof out);
    is_text(out, "", "no bytes");
}

static void
test_path(void)
{
    char out[64];

    is_text(text_path("/etc/a", out, 7), "/etc/a", "a path that fits");
    is_text(text_path("/etc/ab", out, 7), ".../ab", "the end of a longer one");
    is_text(text_path("/etc/ab", out, sizeof out), "/etc/ab", "with room");
    is_text(text_path("", out, 7), "", "none");
    is_text(text_path("/tmp/\xe2\x82\xac"
                      "ab",
                      out, 8),
            "...ab", "not from the middle of a character on");
}

static void
test_trim(void)
{
    char both[] = " \t a b\t \r", none[] = "a", blanks[] = " \t\r";

    is_text(text_trim(both), "a b", "blanks at both ends");
    is_text(text_trim(none), "a", "no blanks");
    is_text(text_trim(blanks), "", "blanks alone");
}

static void
test_password(void)
{
    static const struct {
        const char *text;
        size_t length;
        bool wanted;
        const char *what;
    } cases[] = {
        {"x", 1, true, "one character"},
        {"", 0, false, "empty"},
        {"pass word", 9, true, "with a blank"},
        {"p\xc3\xa4ss", 5, true, "with an umlaut"},
        {"a\nb", 3, false, "with a newline"},
        {"a\0b", 3, false, "with a NUL"},
        {"\b\n\r\177INCORRECT", 13, false, "sshd's junk"},
        {"a\x7f", 2, false, "with DEL"},
        {"a\tb", 3, false, "with a tabulator"},
        {"a\x1b[A", 4, false, "with ESC"},
        {"a\xc2\x85", 3, false, "with NEL, a C1 control"},
        {"\xc2\xa0", 2, true, "no-break space is no control"},
        {"a\xff", 2, false, "no UTF-8"},
        {"\xed\xb0\x80", 3, false, "surrogate"},
        {"\xc1\x81", 2, false, "overlong A"},
        {"\xe0\x81\x81", 3, false, "overlong A in three"},
        {"\xf4\x90\x80\x80", 4, false, "beyond Unicode"},
        {"\xe2\x82", 2, false, "cut short"},
    };
    char many[4 * 257 + 1];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ok(text_is_password(cases[i].text, cases[i].length) == cases[i].wanted,
           "password %s: %s", cases[i].what,
           cases[i].wanted ? "taken" : "refused");
    for (int i = 0; i < 257; i++)
        memcpy(many + 4 * i, "\xf0\x9f\x94\x91", 4);
    ok(text_is_password(many, 4 * 256), "256 characters of four bytes");
    ok(!text_is_password(many, 4 * 257), "257 characters are too many");
}

static void
test_utf8(void)
{
    size_t characters = 99;

    ok(text_is_utf8("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91", 10, &characters),
       "one to four bytes");
    is_number((int64_t) characters, 4, "are four characters");
    ok(text_is_utf8("", 0, &characters) && characters == 0, "nothing is none");
    ok(text_is_utf8("a\n\x7f", 3, NULL), "controls are UTF-8");
    ok(!text_is_utf8("a\0", 2, NULL), "NUL is refused");
    ok(!text_is_utf8("\x80", 1, NULL), "a lone continuation byte");
    ok(!text_is_utf8("\xf5\x80\x80\x80", 4, NULL), "F5");
    ok(text_is_utf8("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf", 10, NULL),
       "the last before, the first after the surrogates, the last of all");
    ok(text_is_utf8("\xc2\x80\xe0\xa0\x80\xf0\x90\x80\x80", 9, NULL),
       "the first of each length");
    ok(!text_is_utf8("\xf0\x8f\xbf\xbf", 4, NULL), "overlong in four");
}

static void
test_block(void)
{
    ok(text_is_block(""), "nothing is a drawing");
    ok(text_is_block(" ~A\n\xe2\x96\x80\xe2\x96\x88\n\xe2\x96\x9f"),
       "ASCII, newlines, block elements");
    ok(!text_is_block("\x1b[31m"), "ESC is none");
    ok(!text_is_block("a\tb") && !text_is_block("a\rb")
           && !text_is_block("a\x7f"),
       "nor are TAB, CR and DEL");
    ok(!text_is_block("\xe2\x96\xa0"), "nor is U+25A0");
    ok(!text_is_block("\xe2\x95\xbf"), "nor is U+257F");
    ok(!text_is_block("\xe2\x80\xae"), "nor is a bidi control");
    ok(!text_is_block("\xc3\xa4"), "nor is a letter that is not ASCII");
    ok(!text_is_block("a\xe2") && !text_is_block("a\xe2\x96"),
       "nor is one that is cut short");
}

/* A log line is longer than a line of a prompt, and as clean. */
static void
test_clean_whole(void)
{
    char text[701], out[600];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    text[450] = '\x1b';
    memcpy(text + 598, "\xc3\xa4", 2);
    text_clean_whole(text, out, sizeof(out));
    is_number((long) strlen(out), 599, "as long as fits");
    is_text(out + 594, "xx...", "and says that more was there");
    ok(out[450] == '?' && out[449] == 'x', "cleaned behind 200 bytes too");
    text_clean_whole("", out, sizeof(out));
    is_text(out, "", "nothing is nothing");
    text_clean_whole("abc", out, 1);
    is_text(out, "", "room for the NUL alone");
}

int
main(void)
{
    test_clean();
    test_clean_whole();
    test_clean_sizes();
    test_path();
    test_trim();
    test_password();
    test_utf8();
    test_block();
    return done_testing();
}
