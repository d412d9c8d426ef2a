/* SPDX-License-Identifier: MIT */
/* The vectors of attest_verify_test.c once more, with the mbedTLS that bh-verify is built with. */
#include "attest_verify_test.c"
