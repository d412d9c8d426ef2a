/* SPDX-License-Identifier: MIT */
#include "attestwords.h"

#include <errno.h>
#include <string.h>

const char *attestwords(long rc)
{
    switch (-rc) {
    case ENOSYS:
        return "the hypervisor is not Bulkhead";
    case ENODEV:
        return "not available: this boot is not measured, or its TPM gave no sealing root";
    case EPERM:
        return "refused by the policy";
    case EACCES:
        return "refused: the launch was not signed, or by a lower version";
    case EBADMSG:
        return "not signed by this hypervisor in this boot";
    case ENODATA:
        return "no platform evidence: the provisioning service has not stored any";
    case ENOSPC:
        return "all of the TPM's counters are taken, or this domain has had its share of them";
    case ENOENT:
        return "there is no such counter, or it was removed";
    case EBUSY:
        return "the limit on such calls is reached (reports by the policy, increments of counters by the hypervisor): "
               "try "
               "again in a minute";
    case ETIMEDOUT:
        return "no answer of the TPM in time";
    }
    return strerror((int)-rc);
}
