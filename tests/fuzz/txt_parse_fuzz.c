/* SPDX-License-Identifier: MIT */
/* libFuzzer: the input as a command line, as tboot's shared page, as a TXT heap and as an event log. */
#include <stdlib.h>
#include <string.h>
#include "boot/txt_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void event_log(const uint8_t *data, size_t size)
{
    struct txt_event e;
    struct txt_log log;
    unsigned int n = 0;

    if (txt_log_open(&log, data, size)) return;
    while (txt_log_next(&log, &e) > 0) {
        uint8_t sum = 0;
        for (int i = 0; i < 32; i++)
            sum ^= e.digest[i];
        for (uint32_t i = 0; i < e.size; i++)
            sum ^= e.data[i];
        if (++n > size + sum) /* each event takes room */
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    maddr_t start = 0, end = 0;
    char *text = malloc(size + 1);

    memcpy(text, data, size);
    text[size] = 0;
    if (txt_shared_address(text) >> 32) abort();
    free(text);
    if (size >= TXT_SHARED_SIZE) txt_shared_valid(data, 0x2473000);
    if (txt_heap_log(data, size, &start, &end) && (start >= end || end >> 33)) abort();
    event_log(data, size);
    return 0;
}
