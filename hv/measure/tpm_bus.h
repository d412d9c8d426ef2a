/* SPDX-License-Identifier: MIT */
/* The registers of the TPM's interface (PC Client Platform TPM Profile 1.05, section 6): one page a locality. Offsets
 * below are within a page. The only way by which hv/measure touches the device, so that a test can put another one
 * there. */
#ifndef HV_TPM_BUS_H
#define HV_TPM_BUS_H

#include <stdint.h>

#define TPM_BUS_BASE       0xfed40000ul
#define TPM_BUS_LOCALITIES 5

/* What the ACPI table TPM2 says (TCG ACPI Specification 1.2, section 8): where the control area is, and how a command
 * is started. Not called where there is no table. */
void tpm_bus_described(uint64_t area, uint32_t method);
/* The start method, where nothing here drives such a device; else 0. */
uint32_t tpm_bus_foreign(void);

void tpm_bus_init(void);
uint8_t tpm_bus_read8(unsigned int locality, unsigned int reg);
uint32_t tpm_bus_read32(unsigned int locality, unsigned int reg);
void tpm_bus_write8(unsigned int locality, unsigned int reg, uint8_t v);
void tpm_bus_write32(unsigned int locality, unsigned int reg, uint32_t v);

#endif
