/* SPDX-License-Identifier: MIT */
/*
 * bh-share DOMID MESSAGE [SECONDS]: gives the domain a page with the message and an event port, prints
 * which, and waits for the answer (for 60 s, or as told).
 *
 *     BH-SHARE ref=R port=P
 *     BH-SHARE answer: TEXT         exit 0
 *     BH-SHARE no answer            exit 1
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canary.h"
#include "sharepage.h"

int main(int argc, char **argv)
{
    struct sharepage_end end;
    char answer[SHAREPAGE_TEXT];
    int seconds = argc == 4 ? atoi(argv[3]) : 60, rc;
    uint32_t ref;

    if (argc < 3 || argc > 4 || seconds < 1 || seconds > 86400) {
        fprintf(stderr, "usage: bh-share DOMID MESSAGE [SECONDS]\n");
        return 2;
    }
    rc = sharepage_give(&end, (uint32_t)strtoul(argv[1], NULL, 0), &ref);
    if (rc < 0) {
        printf("BH-SHARE refused: %s\n", strerror(-rc));
        return 1;
    }
    canary_fill(end.page->canary, sizeof(end.page->canary));
    snprintf(end.page->from_giver, SHAREPAGE_TEXT, "%s", argv[2]);
    printf("BH-SHARE ref=%u port=%u\n", ref, end.port);
    fflush(stdout);
    do
        rc = sharepage_wait(&end, seconds * 1000);
    while (rc == 0 && !end.page->from_taker[0]);
    if (rc < 0) {
        printf("BH-SHARE no answer: %s\n", strerror(-rc));
        return 1;
    }
    sharepage_read(end.page->from_taker, answer);
    printf("BH-SHARE answer: %s\n", answer);
    return 0;
}
