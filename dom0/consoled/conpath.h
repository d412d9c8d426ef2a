/* SPDX-License-Identifier: MIT */
/* Where consoled and bhctl meet. */
#ifndef CONPATH_H
#define CONPATH_H

#define CONPATH_RUN    "/run/bulkhead"
#define CONPATH_SOCKET CONPATH_RUN "/console-%s.sock" /* a domain's name */
#define CONPATH_LOGS   "/var/log/console"
#define CONPATH_LOG    CONPATH_LOGS "/%s.log"

#endif
