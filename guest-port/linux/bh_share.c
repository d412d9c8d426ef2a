/* SPDX-License-Identifier: MIT */
/*
 * bh-share DOMID MESSAGE [SECONDS]: gives the domain a page with the message and an event port, prints
 * which, and waits for the answer (for 60 s, or as told). A refused port is told, and the page stays.
 *
 *     BH-SHARE ref=R port=P         port=none (ERROR) where it was refused
 *     BH-SHARE answer: TEXT         exit 0
 *     BH-SHARE no answer            exit 1
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "canary.h"
#include "domid.h"
#include "sharepage.h"

static int await_answer(struct sharepage_end *end, int seconds)
{
    int rc;

    do
        rc = sharepage_wait(end, seconds * 1000);
    while (rc == 0 && !end->page->from_taker[0]);
    return rc;
}

static int usage(void)
{
    fprintf(stderr, "usage: bh-share DOMID MESSAGE [SECONDS]\n");
    return 2;
}

static int refuse(const char *what, const char *why)
{
    fprintf(stderr, "bh-share: \"%s\": %s\n", what, why);
    return 2;
}

int main(int argc, char **argv)
{
    struct sharepage_end end;
    char answer[SHAREPAGE_TEXT];
    uint32_t ref, domid, seconds = 60;
    int rc;

    if (argc < 3 || argc > 4) return usage();
    if (domid_parse(argv[1], &domid) < 0) return refuse(argv[1], "not a domain's id");
    if (argc == 4 && (domid_number(argv[3], 86400, &seconds) < 0 || seconds == 0))
        return refuse(argv[3], "1 to 86400 seconds are wanted");
    rc = sharepage_grant(&end, domid, &ref);
    if (rc < 0) {
        printf("BH-SHARE no page: %s\n", strerror(-rc));
        return 1;
    }
    canary_fill(end.page->canary, sizeof(end.page->canary));
    snprintf(end.page->from_giver, SHAREPAGE_TEXT, "%s", argv[2]);
    rc = sharepage_offer(&end, domid);
    if (rc < 0)
        printf("BH-SHARE ref=%u port=none (%s)\n", ref, strerror(-rc));
    else
        printf("BH-SHARE ref=%u port=%u\n", ref, end.port);
    fflush(stdout);
    if (rc < 0)
        sleep(seconds);
    else
        rc = await_answer(&end, (int)seconds);
    if (rc < 0) {
        printf("BH-SHARE no answer: %s\n", strerror(-rc));
        return 1;
    }
    sharepage_read(end.page->from_taker, answer);
    printf("BH-SHARE answer: %s\n", answer);
    return 0;
}
