/* SPDX-License-Identifier: MIT */
/*
 * bh-peer DOMID REF PORT MESSAGE: takes what bh-share gave: maps the page, binds the port, reads the message and
 * answers. Each refusal is told with the kernel's errno.
 *
 *     BH-PEER map: ok | refused (ERROR)
 *     BH-PEER bind: ok | refused (ERROR)
 *     BH-PEER message: TEXT
 *
 * Exit: 0 the message was read and answered, 3 both steps were refused, 1 anything else, 2 wrong usage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domid.h"
#include "sharepage.h"

static void tell(const char *step, int rc)
{
    if (rc == 0)
        printf("BH-PEER %s: ok\n", step);
    else
        printf("BH-PEER %s: refused (%s)\n", step, strerror(-rc));
}

static int refuse(const char *what, const char *wanted)
{
    fprintf(stderr, "bh-peer: \"%s\": not %s\n", what, wanted);
    return 2;
}

int main(int argc, char **argv)
{
    struct sharepage_end end;
    char message[SHAREPAGE_TEXT];
    uint32_t domid, ref, port;
    int map, bind;

    if (argc != 5) {
        fprintf(stderr, "usage: bh-peer DOMID REF PORT MESSAGE\n");
        return 2;
    }
    if (domid_parse(argv[1], &domid) < 0) return refuse(argv[1], "a domain's id");
    if (domid_number(argv[2], UINT32_MAX, &ref) < 0) return refuse(argv[2], "a grant reference");
    if (domid_number(argv[3], UINT32_MAX, &port) < 0) return refuse(argv[3], "a port");
    map = sharepage_map(&end, domid, ref);
    tell("map", map);
    bind = sharepage_bind(&end, domid, port);
    tell("bind", bind);
    if (map < 0 || bind < 0) return map < 0 && bind < 0 ? 3 : 1;
    sharepage_read(end.page->from_giver, message);
    printf("BH-PEER message: %s\n", message);
    snprintf(end.page->from_taker, SHAREPAGE_TEXT, "%s", argv[4]);
    return sharepage_signal(&end) < 0;
}
