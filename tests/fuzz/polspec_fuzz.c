/* SPDX-License-Identifier: MIT */
/* Assertions and CIL sources as bytes: whatever they are, an answer and no fault. An error names a line of the text. */
#include <stdlib.h>
#include <string.h>

#include "cilread.h"
#include "polspec.h"

/* polspec.c wants the names of the kinds only; the rest of polflow.c is not under test here. */
#include "polflow.h"
const char *const pol_kind_names[POL_KINDS] = {"memory", "console", "signal", "state", "platform", "control"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct polspec spec;
    struct polspec_error e;
    struct cilnode root = {0};
    struct policy_error why = {""};
    unsigned int lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    if (polspec_parse(&spec, (const char *)data, size, &e) != 0 && (!e.text[0] || e.line < 1 || e.line > lines))
        abort();
    polspec_free(&spec);
    if (cilread_file(&root, "fuzz", (const char *)data, size, &why) != 0 && strncmp(why.text, "fuzz:", 5) != 0) abort();
    cilread_free(&root);
    return 0;
}
