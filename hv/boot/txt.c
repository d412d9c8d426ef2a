/* SPDX-License-Identifier: MIT */
#include "boot/txt.h"
#include "boot/bootinfo.h"
#include "boot/txt_parse.h"
#include "console.h"
#include "lib.h"

/* TXT's public registers (Software Development Guide, appendix B). */
#define TXT_PUBLIC    0xfed30000ul
#define TXT_STS       0x000 /* bit 0: SENTER was done */
#define TXT_HEAP_BASE 0x300
#define TXT_HEAP_SIZE 0x308
#define HEAP_MAX      (16u << 20)
#define LOG_MAX       (1u << 20)

static uint32_t reg(unsigned int offset)
{
    return *(volatile uint32_t *)(TXT_PUBLIC + offset);
}

/* What TXT and tboot keep is reserved in the map that tboot hands on: so it is no boot module, and no domain gets it.
 */
static bool kept(maddr_t start, uint64_t size)
{
    if (!start || start + size > 1ul << 32) return false;
    for (unsigned int i = 0; i < boot_info.rams; i++) {
        const struct boot_ram *r = &boot_info.ram[i];
        if (r->type == 1 && start < r->base + r->size && r->base < start + size) return false;
    }
    return true;
}

bool txt_launched(void)
{
    maddr_t page = txt_shared_address(boot_info.cmdline);

    if (!page) return false;
    if (!kept(page, TXT_SHARED_SIZE) || !txt_shared_valid((const uint8_t *)page, page)) {
        printk("txt: the command line tells of tboot, but no page of its lies at %lx: no late launch", page);
        return false;
    }
    if (reg(TXT_STS) == 0xffffffffu || !(reg(TXT_STS) & 1)) {
        printk("txt: tboot tells of a late launch, the chipset does not");
        return false;
    }
    return true;
}

const uint8_t *txt_log(size_t *len)
{
    maddr_t heap = reg(TXT_HEAP_BASE), start, end;
    uint32_t size = reg(TXT_HEAP_SIZE);

    *len = 0;
    if (size > HEAP_MAX || !kept(heap, size) || !txt_heap_log((const uint8_t *)heap, size, &start, &end) ||
        end - start > LOG_MAX || !kept(start, end - start))
        return NULL;
    *len = end - start;
    return (const uint8_t *)start;
}
