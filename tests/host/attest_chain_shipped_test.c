/* SPDX-License-Identifier: MIT */
/* The vectors of attest_chain_test.c once more, with the mbedTLS that bh-verify is built with. */
#include "attest_chain_test.c"
