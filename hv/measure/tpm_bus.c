/* SPDX-License-Identifier: MIT */
#include "measure/tpm_bus.h"
#include "console.h"
#include "mm/access.h"

#define METHOD_FIFO 6u
#define METHOD_CRB  7u
#define CRB_AREA    (TPM_BUS_BASE + 0x40)

static volatile uint8_t *page;
static uint32_t foreign;

void tpm_bus_described(uint64_t area, uint32_t method)
{
    foreign = method == METHOD_FIFO || (method == METHOD_CRB && area == CRB_AREA) ? 0 : method;
}

uint32_t tpm_bus_foreign(void)
{
    return foreign;
}

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
