/* SPDX-License-Identifier: MIT */
#ifndef MEASURE_FAKES_H
#define MEASURE_FAKES_H

extern char fake_console[16384]; /* all that was printed */

#endif
