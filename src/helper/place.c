/*
 * A place is a byte of a file that is locked, not written: the kernel frees it
 * with the last copy of the descriptor, however that came to its end.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "helper/place.h"

#include <fcntl.h>
#include <unistd.h>

#include "common/run_state.h"

#define FILE_NAME "places"
/* Where those of all strangers begin: behind those of the last uid. */
#define STRANGERS_AT ((off_t) PLACES_TRUSTED << 32)

/* Takes the first free one of count bytes; its number, or -1. */
static int
take_one(int fd, off_t at, int count)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};

    for (int number = 0; number < count; number++) {
        lock.l_start = at + number;
        if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
            return number;
    }
    return -1;
}

bool
place_take(uid_t uid, struct place *place_out)
{
    int fd = run_state_open(FILE_NAME);
    int number = -1;

    place_out->fd = fd;
    if (fd >= 0 && take_one(fd, STRANGERS_AT, PLACES_STRANGERS) >= 0)
        number = take_one(fd, (off_t) uid * PLACES_TRUSTED, PLACES_TRUSTED);
    place_out->number = (unsigned int) number;
    if (number < 0)
        place_close(place_out);
    return number >= 0;
}

bool
place_keep(struct place *place, uid_t uid, bool trusted)
{
    int number;

    if (trusted || place->number < PLACES_OWN)
        return true;
    number = take_one(place->fd, (off_t) uid * PLACES_TRUSTED, PLACES_OWN);
    return number >= 0;
}

void
place_close(struct place *place)
{
    if (place->fd >= 0)
        (void) close(place->fd);
    place->fd = -1;
}
