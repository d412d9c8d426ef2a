/* SPDX-License-Identifier: MIT */
#ifndef HV_VERSION_H
#define HV_VERSION_H

/* The ABI generation that guests see, and our own version. */
#define ABI_VERSION_MAJOR 4u
#define ABI_VERSION_MINOR 17u
#define HV_VERSION        "bulkhead-0.1"
#define HV_SVN            2u /* security version number: raised when a hole was closed */

#endif
