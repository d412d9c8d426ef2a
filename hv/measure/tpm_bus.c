/* SPDX-License-Identifier: MIT */
#include "measure/tpm_bus.h"
#include "console.h"
#include "mm/access.h"

static volatile uint8_t *page;

void tpm_bus_init(void)
{
    page = map_mmio(TPM_BUS_BASE, TPM_BUS_LOCALITIES * PAGE_SIZE);
    ASSERT(page);
}

static volatile void *reg_at(unsigned int locality, unsigned int reg)
{
    return page + locality * PAGE_SIZE + reg;
}

uint8_t tpm_bus_read8(unsigned int locality, unsigned int reg)
{
    return *(volatile uint8_t *)reg_at(locality, reg);
}

uint32_t tpm_bus_read32(unsigned int locality, unsigned int reg)
{
    return *(volatile uint32_t *)reg_at(locality, reg);
}

void tpm_bus_write8(unsigned int locality, unsigned int reg, uint8_t v)
{
    *(volatile uint8_t *)reg_at(locality, reg) = v;
}

void tpm_bus_write32(unsigned int locality, unsigned int reg, uint32_t v)
{
    *(volatile uint32_t *)reg_at(locality, reg) = v;
}
