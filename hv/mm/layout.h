/* SPDX-License-Identifier: MIT */
/* The hypervisor's 16 slots of every L4 (512 GiB each), 256..271; see hv/README.md for the picture.
 * Slots 256 (M2P view), 262 (direct map) differ by domain; 263 (vault) is in the vault's own L4 only. */
#ifndef HV_LAYOUT_H
#define HV_LAYOUT_H

#define HV_SLOT_FIRST   256
#define HV_SLOT_LAST    271
#define HV_VIRT_START   0xffff800000000000ul
#define HV_VIRT_END     0xffff880000000000ul
#define M2P_VIEW_BASE   0xffff800000000000ul /* slot 256, user-readable, partitioned by domain */
#define M2P_BASE        0xffff808000000000ul /* slot 257, the hypervisor's own, writable */
#define FRAMETABLE_BASE 0xffff810000000000ul /* slot 258 */
#define HEAP_BASE       0xffff818000000000ul /* slot 259: + machine address */
#define IMAGE_BASE      0xffff820000000000ul /* slot 260: + machine address */
#define PERCPU_BASE     0xffff828000000000ul /* slot 261 */
#define VAULT_BASE      0xffff838000000000ul /* slot 263 */
#define AREA_BASE       0xffff840000000000ul /* slot 264: policy files, see mm/area.h */

/* In slot 261: windows 8 pages a CPU; GDT and LDT of the running vCPU, 16 pages each; stacks (but the first
 * CPU's); SYSCALL stubs; MMIO. */
#define WINDOW_BASE (PERCPU_BASE)
#define WINDOWS     8ul
#define DESC_BASE   (PERCPU_BASE + 0x00200000ul)
#define DESC_PAGES  32ul
#define STACK_BASE  (PERCPU_BASE + 0x00a00000ul)
#define STUB_BASE   (PERCPU_BASE + 0x01000000ul)
#define MMIO_BASE   (PERCPU_BASE + 0x40000000ul)

#define GDT_VA(cpu) (DESC_BASE + (cpu)*DESC_PAGES * 4096)
#define LDT_VA(cpu) (GDT_VA(cpu) + 16 * 4096)

#endif
