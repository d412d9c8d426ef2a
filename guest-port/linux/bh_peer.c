/* SPDX-License-Identifier: MIT */
/*
 * bh-peer DOMID REF PORT MESSAGE: takes what bh-share gave: maps the page, binds the port, reads the message and
 * answers. Each refusal is told with the kernel's errno.
 *
 *     BH-PEER map: ok | refused (ERROR)
 *     BH-PEER bind: ok | refused (ERROR)
 *     BH-PEER message: TEXT
 *
 * Exit: 0 the message was read and answered, 3 both steps were refused, 1 anything else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sharepage.h"

static void tell(const char *step, int rc)
{
    if (rc == 0)
        printf("BH-PEER %s: ok\n", step);
    else
        printf("BH-PEER %s: refused (%s)\n", step, strerror(-rc));
}

int main(int argc, char **argv)
{
    struct sharepage_end end;
    char message[SHAREPAGE_TEXT];
    uint32_t domid;
    int map, bind;

    if (argc != 5) {
        fprintf(stderr, "usage: bh-peer DOMID REF PORT MESSAGE\n");
        return 2;
    }
    domid = (uint32_t)strtoul(argv[1], NULL, 0);
    map = sharepage_map(&end, domid, (uint32_t)strtoul(argv[2], NULL, 0));
    tell("map", map);
    bind = sharepage_bind(&end, domid, (uint32_t)strtoul(argv[3], NULL, 0));
    tell("bind", bind);
    if (map < 0 || bind < 0) return map < 0 && bind < 0 ? 3 : 1;
    sharepage_read(end.page->from_giver, message);
    printf("BH-PEER message: %s\n", message);
    snprintf(end.page->from_taker, SHAREPAGE_TEXT, "%s", argv[4]);
    return sharepage_signal(&end) < 0;
}
