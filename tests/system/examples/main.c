/* SPDX-License-Identifier: MIT */
/*
 * Tries an example's policy on a machine: what the policy says may be done is done, what it says may not is refused and
 * on record. One kernel in two roles. In dom0's place it is the conductor: it reads the steps behind the actors' kernel
 * in its ramdisk, starts domains with the example's labels, tells them over their consoles what to try, and looks for
 * the audit record of each refusal.
 */
#include "parts.h"

void rt_main(void)
{
    if (rt_start_is_dom0())
        parts_conductor();
    else
        parts_actor();
}
