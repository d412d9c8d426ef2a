/* SPDX-License-Identifier: MIT */
#include "tlsprog.h"
#include "../../attest/tool/toolfile.h"

const char *const toolfile_program = "bh-tls-server";

int main(int argc, char **argv)
{
    return tlsprog_main(argc, argv, true);
}
