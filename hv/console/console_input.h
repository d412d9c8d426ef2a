/* SPDX-License-Identifier: MIT */
#ifndef HV_CONSOLE_INPUT_H
#define HV_CONSOLE_INPUT_H

void console_input_start(void);

#endif
