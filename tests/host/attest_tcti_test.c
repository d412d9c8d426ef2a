/* SPDX-License-Identifier: MIT */
/* The TCTI against a hypercall interface made of paper: sequences, sizes, refusals, time-outs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_tcti.h>

#include "../../attest/tcti/hvlink.h"

TSS2_RC Tss2_Tcti_Bulkhead_Init(TSS2_TCTI_CONTEXT *context, size_t *size, const char *conf);
const TSS2_TCTI_INFO *Tss2_Tcti_Info(void);

static long answer; /* of the fake */
static int calls, opens;
static uint8_t seen[64];
static size_t seen_size;

struct hvlink *hvlink_open(void)
{
    opens++;
    return (struct hvlink *)&opens;
}

void hvlink_close(struct hvlink *hv)
{
    assert_ptr_equal(hv, &opens);
    opens--;
}

long hvlink_tpm(struct hvlink *hv, const uint8_t *command, size_t size, uint8_t *response, size_t capacity,
                int timeout_ms)
{
    (void)hv;
    (void)timeout_ms;
    calls++;
    assert_true(size <= sizeof(seen) && capacity >= 4096);
    memcpy(seen, command, size);
    seen_size = size;
    for (long i = 0; i < answer; i++)
        response[i] = (uint8_t)i;
    return answer;
}

static TSS2_TCTI_CONTEXT *open_tcti(void)
{
    TSS2_TCTI_CONTEXT *context;
    size_t size = 0;

    assert_int_equal(Tss2_Tcti_Bulkhead_Init(NULL, &size, NULL), TSS2_RC_SUCCESS);
    context = calloc(1, size);
    assert_int_equal(Tss2_Tcti_Bulkhead_Init(context, &size, NULL), TSS2_RC_SUCCESS);
    size--;
    assert_int_equal(Tss2_Tcti_Bulkhead_Init(context, &size, NULL), TSS2_TCTI_RC_INSUFFICIENT_BUFFER);
    calls = 0;
    return context;
}

static void close_tcti(TSS2_TCTI_CONTEXT *context)
{
    Tss2_Tcti_Finalize(context);
    Tss2_Tcti_Finalize(context); /* harmless twice */
    assert_int_equal(opens, 0);
    free(context);
}

static const uint8_t command[12] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8};

static void a_command_is_answered(void **state)
{
    TSS2_TCTI_CONTEXT *tcti = open_tcti();
    uint8_t response[64];
    size_t size = 0;

    (void)state;
    answer = 20;
    assert_int_equal(Tss2_Tcti_Receive(tcti, &size, response, -1), TSS2_TCTI_RC_BAD_SEQUENCE);
    assert_int_equal(Tss2_Tcti_Transmit(tcti, sizeof(command), command), TSS2_RC_SUCCESS);
    assert_int_equal(Tss2_Tcti_Transmit(tcti, sizeof(command), command), TSS2_TCTI_RC_BAD_SEQUENCE);
    assert_int_equal(Tss2_Tcti_Receive(tcti, &size, NULL, -1), TSS2_RC_SUCCESS);
    assert_int_equal(size, 20);
    size = 19;
    assert_int_equal(Tss2_Tcti_Receive(tcti, &size, response, -1), TSS2_TCTI_RC_INSUFFICIENT_BUFFER);
    assert_int_equal(Tss2_Tcti_Receive(tcti, &size, response, -1), TSS2_RC_SUCCESS);
    assert_int_equal(calls, 1); /* asking for the size sends nothing twice */
    assert_int_equal(response[19], 19);
    assert_memory_equal(seen, command, sizeof(command));
    assert_int_equal(Tss2_Tcti_Receive(tcti, &size, response, -1), TSS2_TCTI_RC_BAD_SEQUENCE);
    close_tcti(tcti);
}

static void a_refused_command_is_answered_as_by_a_tpm_without_it(void **state)
{
    TSS2_TCTI_CONTEXT *tcti = open_tcti();
    uint8_t response[64];
    size_t size = sizeof(response);

    (void)state;
    answer = -EPERM;
    assert_int_equal(Tss2_Tcti_Transmit(tcti, sizeof(command), command), TSS2_RC_SUCCESS);
    assert_int_equal(Tss2_Tcti_Receive(tcti, &size, response, -1), TSS2_RC_SUCCESS);
    assert_int_equal(size, 10);
    assert_int_equal(response[8] << 8 | response[9], 0x143);
    close_tcti(tcti);
}

static void failures_end_the_command_and_time_outs_do_not(void **state)
{
    TSS2_TCTI_CONTEXT *tcti = open_tcti();
    uint8_t response[64];
    size_t size = sizeof(response);

    (void)state;
    assert_int_equal(Tss2_Tcti_Transmit(tcti, sizeof(command), command), TSS2_RC_SUCCESS);
    answer = -ETIMEDOUT;
    assert_int_equal(Tss2_Tcti_Receive(tcti, &size, response, 1), TSS2_TCTI_RC_TRY_AGAIN);
    answer = -EIO;
    assert_int_equal(Tss2_Tcti_Receive(tcti, &size, response, 1), TSS2_TCTI_RC_IO_ERROR);
    assert_int_equal(Tss2_Tcti_Receive(tcti, &size, response, 1), TSS2_TCTI_RC_BAD_SEQUENCE);
    assert_int_equal(Tss2_Tcti_Transmit(tcti, sizeof(command), command), TSS2_RC_SUCCESS);
    answer = 9;
    assert_int_equal(Tss2_Tcti_Receive(tcti, &size, response, 1), TSS2_TCTI_RC_MALFORMED_RESPONSE);
    close_tcti(tcti);
}

static void bad_arguments_are_refused(void **state)
{
    TSS2_TCTI_CONTEXT *tcti = open_tcti();
    static uint8_t large[4097];

    (void)state;
    assert_int_equal(Tss2_Tcti_Transmit(tcti, 9, command), TSS2_TCTI_RC_BAD_VALUE);
    assert_int_equal(Tss2_Tcti_Transmit(tcti, sizeof(large), large), TSS2_TCTI_RC_BAD_VALUE);
    assert_int_equal(Tss2_Tcti_SetLocality(tcti, 2), TSS2_TCTI_RC_NOT_PERMITTED);
    assert_int_equal(Tss2_Tcti_SetLocality(tcti, 0), TSS2_RC_SUCCESS);
    assert_string_equal(Tss2_Tcti_Info()->name, "tcti-bulkhead");
    close_tcti(tcti);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_is_answered),
        cmocka_unit_test(a_refused_command_is_answered_as_by_a_tpm_without_it),
        cmocka_unit_test(failures_end_the_command_and_time_outs_do_not),
        cmocka_unit_test(bad_arguments_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
