/*
 * Text from elsewhere: is it UTF-8, and what of it may be shown. It knows no
 * locale: the answer is the same on every host.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define PASSWORD_CHARACTERS_MAX 256
#define CUT "..." /* stands for what did not fit */
#define CUT_SIZE (sizeof(CUT) - 1)
#define CUT_ROOM_MIN 16 /* less has no room to say so */

/*
 * Characters that are invisible, steer the direction or the line, or are no
 * characters at all: Unicode's Cc, Cf, Zl, Zp, default ignorable code points
 * and noncharacters, first and last of each run, ascending.
 */
static const struct {
    uint32_t first;
    uint32_t last;
} unprintable[] = {
    {0x0000, 0x001f},   {0x007f, 0x009f},   {0x00ad, 0x00ad},
    {0x034f, 0x034f},   {0x0600, 0x0605},   {0x061c, 0x061c},
    {0x06dd, 0x06dd},   {0x070f, 0x070f},   {0x0890, 0x0891},
    {0x08e2, 0x08e2},   {0x115f, 0x1160},   {0x17b4, 0x17b5},
    {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f},   {0x3164, 0x3164},   {0xfdd0, 0xfdef},
    {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
    {0xfff0, 0xfffb},   {0xfffe, 0xffff},   {0x110bd, 0x110bd},
    {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

static bool
is_printable(uint32_t character)
{
    size_t count = sizeof unprintable / sizeof unprintable[0];

    for (size_t i = 0; i < count; i++)
        if (character >= unprintable[i].first
            && character <= unprintable[i].last)
            return false;
    /* The last two of every plane are noncharacters. */
    return (character & 0xfffe) != 0xfffe;
}

static bool
is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

/*
 * Decodes the character at bytes, of which one is left or more (RFC 3629: no
 * overlong form, no surrogate, nothing above U+10FFFF). Returns its length, 0
 * when there is none.
 */
static size_t
decode(const unsigned char *bytes, size_t left, uint32_t *character_out)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t character;
    size_t length;

    if (bytes[0] < 0x80) {
        *character_out = bytes[0];
        return 1;
    }
    if (bytes[0] >= 0xc2 && bytes[0] <= 0xdf)
        length = 2;
    else if ((bytes[0] & 0xf0) == 0xe0)
        length = 3;
    else if (bytes[0] >= 0xf0 && bytes[0] <= 0xf4)
        length = 4;
    else
        return 0;
    if (left < length)
        return 0;
    character = bytes[0] & (0xffU >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        character = character << 6 | (bytes[i] & 0x3fU);
    }
    if (character < least[length] || character > 0x10ffff
        || (character >= 0xd800 && character <= 0xdfff))
        return 0;
    *character_out = character;
    return length;
}

/* At most room bytes, and a NUL behind them. */
static void
clean(const unsigned char *from, size_t length, char *out, size_t room)
{
    size_t i = 0, used = 0, cut = 0; /* cut: where CUT still fits */

    while (i < length && used < room) {
        uint32_t character = 0;
        size_t step = decode(from + i, length - i, &character);

        if (used + CUT_SIZE <= room)
            cut = used;
        if (step == 0 || !is_printable(character)) {
            out[used++] = '?';
            i += step == 0 ? 1 : step;
            continue;
        }
        if (step > room - used)
            break;
        memcpy(out + used, from + i, step);
        used += step;
        i += step;
    }
    if (i < length && room >= CUT_ROOM_MIN) {
        memcpy(out + cut, CUT, CUT_SIZE);
        used = cut + CUT_SIZE;
    }
    out[used] = '\0';
}

void
text_clean_bytes(const void *bytes, size_t length, char *out, size_t size)
{
    if (size > 0)
        clean(bytes, length, out,
              size - 1 < TEXT_LINE_MAX ? size - 1 : TEXT_LINE_MAX);
}

void
text_clean_whole(const char *text, char *out, size_t size)
{
    clean((const unsigned char *) text, strlen(text), out, size - 1);
}

void
text_clean(const char *text, char *out, size_t size)
{
    text_clean_bytes(text, text == NULL ? 0 : strlen(text), out, size);
}

char *
text_trim(char *text)
{
    char *end = text + strlen(text);

    while (*text == ' ' || *text == '\t')
        text++;
    while (end > text
           && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    *end = '\0';
    return text;
}

const char *
text_path(const char *path, char *out, size_t size)
{
    size_t length = strlen(path);
    const char *from = path;

    if (length >= size) {
        from = path + length + 1 + CUT_SIZE - size;
        /* Not from the middle of a character on. */
        while (((unsigned char) *from & 0xc0) == 0x80)
            from++;
    }
    (void) snprintf(out, size, "%s%s", from == path ? "" : CUT, from);
    return out;
}

bool
text_is_password(const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *) text;
    size_t characters = 0;

    for (size_t i = 0; i < length; characters++) {
        uint32_t character = 0;
        size_t step = decode(bytes + i, length - i, &character);

        if (step == 0 || is_control(character))
            return false;
        i += step;
    }
    return characters >= 1 && characters <= PASSWORD_CHARACTERS_MAX;
}

bool
text_is_utf8(const char *text, size_t length, size_t *characters_out)
{
    const unsigned char *bytes = (const unsigned char *) text;
    size_t characters = 0;

    for (size_t i = 0; i < length; characters++) {
        uint32_t character = 0;
        size_t step = decode(bytes + i, length - i, &character);

        if (step == 0 || character == 0)
            return false;
        i += step;
    }
    if (characters_out != NULL)
        *characters_out = characters;
    return true;
}

bool
text_is_block(const char *text)
{
    const unsigned char *at = (const unsigned char *) text;

    while (*at != '\0') {
        if (*at == '\n' || (*at >= ' ' && *at < 0x7f))
            at++;
        else if (at[0] == 0xe2 && at[1] == 0x96 && at[2] >= 0x80
                 && at[2] <= 0x9f)
            at += 3;
        else
            return false;
    }
    return true;
}

void
text_one_question(const char *service, bool is_new, char *out, size_t size)
{
    if (strcmp(service, "sshd") == 0)
        (void) snprintf(out, size,
                        "for sshd set KbdInteractiveAuthentication yes");
    else if (is_new)
        (void) snprintf(out, size,
                        "a new password is due, so sign in through sshd or "
                        "login first");
    else
        (void) snprintf(out, size,
                        "if it can ask for the password only, set "
                        "otp=append in section [%.40s]",
                        service);
}
