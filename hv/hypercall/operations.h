/* SPDX-License-Identifier: MIT */
/*
 * Every operation that a guest can ask for, and what the reference monitor is asked before it is done: the one table.
 * The dispatcher and the sub-dispatchers take their rows from here and have none of their own, so an operation without
 * a row cannot be reached (its handler does not even compile: it is static and unused), and a row without a permission
 * does not compile. `make policy-coverage` prints this table; tests/guest/walk refuses and allows each row in turn.
 *
 *   CALL(name, class, permission, object, when, note)
 *       a hypercall that is one operation: number __HYPERVISOR_name, handler do_name, OP_name here
 *   ROW(number, handler, class, permission, object, when, note)
 *       an operation of a multiplexed hypercall (or of the instruction emulation): `number` is the ABI's, OP_number
 * here CASE(number, suffix, class, permission, object, note) what is asked instead of, or beside, the permission of
 * ROW(number, ...) where its arguments say so: a row of its own, OP_number_suffix, asked by the handler. Follows its
 * ROW. UNASKED(name, reason) a hypercall that asks nothing
 *
 * The subject is the calling domain, always. `object`, who is asked about:
 *   SELF    the calling domain          DOMAIN  another domain (or the caller, where the call lets it name itself)
 *   LABEL   a domain that is not there yet       XEN     the hypervisor and its machine
 * `when`, who asks:
 *   FIRST   the dispatcher, before the handler sees the call (ask_first()); SELF and XEN only
 *   LATER   the handler, when it has read its arguments and knows the object, or the unit of hardware, by
 *           ask_about(op, ...); and ask_done() asserts in debug builds that no operation succeeded unasked
 * SELF with LATER: the call names a domain; CASE(..., peer, ...) is for another one (permissions.h).
 *
 * The permission of `class` is one of monitor/permissions.h; it must be asked of that kind of object there (asserted in
 * operations.c). No other file of hv/ but the TPM's list of commands names a permission.
 */
#ifndef HV_OPERATIONS_H
#define HV_OPERATIONS_H

#include <stdint.h>

#include "monitor/permissions.h"

/* clang-format off */
#define HYPERCALL_OPERATIONS(CALL, UNASKED)                                                                            \
    CALL(set_trap_table, vcpu, traps, SELF, FIRST, "")                                                                 \
    CALL(set_callbacks, vcpu, traps, SELF, FIRST, "")                                                                  \
    CALL(iret, vcpu, traps, SELF, FIRST, "")                                                                           \
    CALL(vm_assist, vcpu, traps, SELF, FIRST, "")                                                                      \
    CALL(set_gdt, vcpu, segments, SELF, FIRST, "")                                                                     \
    CALL(update_descriptor, vcpu, segments, SELF, FIRST, "")                                                           \
    CALL(set_segment_base, vcpu, segments, SELF, FIRST, "")                                                            \
    CALL(stack_switch, vcpu, segments, SELF, FIRST, "")                                                                \
    CALL(fpu_taskswitch, vcpu, fpu, SELF, FIRST, "")                                                                   \
    CALL(set_debugreg, vcpu, debugreg, SELF, FIRST, "")                                                                \
    CALL(get_debugreg, vcpu, debugreg, SELF, FIRST, "")                                                                \
    CALL(set_timer_op, vcpu, timer, SELF, FIRST, "")                                                                   \
    CALL(update_va_mapping, memory, pagetable, SELF, FIRST, "")                                                        \
    UNASKED(multicall, "a list of calls: each is asked as itself")

/* Hypercalls whose operations have rows of their own, below. */
#define HYPERCALL_GROUPS(GROUP)                                                                                        \
    GROUP(mmu_update) GROUP(mmuext_op) GROUP(memory_op) GROUP(event_channel_op) GROUP(grant_table_op)                  \
    GROUP(vcpu_op) GROUP(sched_op) GROUP(callback_op) GROUP(xen_version) GROUP(physdev_op) GROUP(platform_op)          \
    GROUP(console_io)

/* By the two low bits of an entry's address. */
#define MMU_UPDATE_OPERATIONS(ROW, CASE)                                                                               \
    ROW(MMU_NORMAL_PT_UPDATE, update_normal, memory, pagetable, SELF, FIRST, "")                                       \
    ROW(MMU_PT_UPDATE_PRESERVE_AD, update_preserve_ad, memory, pagetable, SELF, FIRST, "")                             \
    ROW(MMU_MACHPHYS_UPDATE, update_machphys, memory, pagetable, SELF, FIRST, "")

#define MMUEXT_OPERATIONS(ROW, CASE)                                                                                   \
    ROW(MMUEXT_PIN_L1_TABLE, locked_op, memory, pagetable, SELF, FIRST, "")                                            \
    ROW(MMUEXT_PIN_L2_TABLE, locked_op, memory, pagetable, SELF, FIRST, "")                                            \
    ROW(MMUEXT_PIN_L3_TABLE, locked_op, memory, pagetable, SELF, FIRST, "")                                            \
    ROW(MMUEXT_PIN_L4_TABLE, locked_op, memory, pagetable, SELF, FIRST, "")                                            \
    ROW(MMUEXT_UNPIN_TABLE, locked_op, memory, pagetable, SELF, FIRST, "")                                             \
    ROW(MMUEXT_NEW_BASEPTR, locked_op, memory, pagetable, SELF, FIRST, "")                                             \
    ROW(MMUEXT_NEW_USER_BASEPTR, locked_op, memory, pagetable, SELF, FIRST, "")                                        \
    ROW(MMUEXT_SET_LDT, locked_op, vcpu, segments, SELF, FIRST, "")                                                    \
    ROW(MMUEXT_CLEAR_PAGE, locked_op, memory, pagetable, SELF, FIRST, "")                                              \
    ROW(MMUEXT_COPY_PAGE, locked_op, memory, pagetable, SELF, FIRST, "")                                               \
    ROW(MMUEXT_TLB_FLUSH_LOCAL, flush_op, memory, pagetable, SELF, FIRST, "")                                          \
    ROW(MMUEXT_INVLPG_LOCAL, flush_op, memory, pagetable, SELF, FIRST, "")                                             \
    ROW(MMUEXT_TLB_FLUSH_MULTI, flush_op, memory, pagetable, SELF, FIRST, "")                                          \
    ROW(MMUEXT_INVLPG_MULTI, flush_op, memory, pagetable, SELF, FIRST, "")                                             \
    ROW(MMUEXT_TLB_FLUSH_ALL, flush_op, memory, pagetable, SELF, FIRST, "")                                            \
    ROW(MMUEXT_INVLPG_ALL, flush_op, memory, pagetable, SELF, FIRST, "")                                               \
    ROW(MMUEXT_FLUSH_CACHE, cache_op, memory, pagetable, SELF, FIRST, "")                                              \
    ROW(MMUEXT_FLUSH_CACHE_GLOBAL, cache_op, memory, pagetable, SELF, FIRST, "")

#define MEMORY_OPERATIONS(ROW, CASE)                                                                                   \
    ROW(XENMEM_increase_reservation, reservation, memory, populate, SELF, FIRST, "")                                   \
    ROW(XENMEM_populate_physmap, reservation, memory, populate, SELF, FIRST, "")                                       \
    ROW(XENMEM_decrease_reservation, reservation, memory, decrease, SELF, FIRST, "")                                   \
    ROW(XENMEM_exchange, exchange_op, memory, exchange, SELF, FIRST, "")                                          \
    ROW(XENMEM_current_reservation, reservation_info, memory, reservation, SELF, LATER, "its own")                     \
    CASE(XENMEM_current_reservation, peer, memory, peer_reservation, DOMAIN, "another domain's")                       \
    ROW(XENMEM_maximum_reservation, reservation_info, memory, reservation, SELF, LATER, "its own")                     \
    CASE(XENMEM_maximum_reservation, peer, memory, peer_reservation, DOMAIN, "another domain's")                       \
    ROW(XENMEM_memory_map, own_map, memory, map, SELF, FIRST, "")                                                      \
    ROW(XENMEM_machine_memory_map, machine_map, memory, machine_map, XEN, FIRST, "")                                   \
    ROW(XENMEM_maximum_ram_page, maximum_ram_page, memory, machine_map, XEN, FIRST, "")                                \
    ROW(XENMEM_machphys_mapping, machphys_mapping, memory, machphys, SELF, FIRST, "")

#define EVENT_OPERATIONS(ROW, CASE)                                                                                    \
    ROW(EVTCHNOP_alloc_unbound, op_alloc_unbound, event, alloc, DOMAIN, LATER, "who may bind to the port")             \
    ROW(EVTCHNOP_bind_interdomain, op_bind_interdomain, event, bind, DOMAIN, LATER, "")                                \
    CASE(EVTCHNOP_bind_interdomain, console, event, bind_console, DOMAIN, "to the console port made at build time")    \
    CASE(EVTCHNOP_bind_interdomain, store, event, bind_store, DOMAIN, "to the store port made at build time")          \
    ROW(EVTCHNOP_bind_virq, op_bind_virq, event, virq, SELF, LATER, "timer, debug, other per-vCPU ones")               \
    CASE(EVTCHNOP_bind_virq, global, event, virq_global, XEN, "console, dom_exc, other global ones")                   \
    ROW(EVTCHNOP_bind_ipi, op_bind_ipi, event, ipi, SELF, FIRST, "")                                                   \
    ROW(EVTCHNOP_bind_pirq, op_bind_pirq, event, pirq, XEN, LATER, "the interrupt")                                    \
    ROW(EVTCHNOP_close, op_close, event, close, SELF, FIRST, "")                                                       \
    ROW(EVTCHNOP_send, op_send, event, send, DOMAIN, LATER, "at the other end; IPIs and unbound ports: itself")        \
    ROW(EVTCHNOP_status, op_status, event, status, SELF, LATER, "its own port")                                        \
    CASE(EVTCHNOP_status, peer, event, peer_status, DOMAIN, "another domain's port")                                   \
    ROW(EVTCHNOP_bind_vcpu, op_bind_vcpu, event, control, SELF, FIRST, "")                                             \
    ROW(EVTCHNOP_unmask, op_unmask, event, control, SELF, FIRST, "")                                                   \
    ROW(EVTCHNOP_reset, op_reset, event, reset, SELF, LATER, "its own ports")                                          \
    CASE(EVTCHNOP_reset, peer, event, peer_reset, DOMAIN, "another domain's ports")

/* console, store: the two references that the hypervisor seeds; every other one is map_read or map_write. */
#define GRANT_OPERATIONS(ROW, CASE)                                                                                    \
    ROW(GNTTABOP_map_grant_ref, op_batch, grant, map_write, DOMAIN, LATER, "writable")                                 \
    CASE(GNTTABOP_map_grant_ref, readonly, grant, map_read, DOMAIN, "read-only")                                       \
    CASE(GNTTABOP_map_grant_ref, console, grant, map_console, DOMAIN, "reference 0, any access")                       \
    CASE(GNTTABOP_map_grant_ref, store, grant, map_store, DOMAIN, "reference 1, any access")                           \
    ROW(GNTTABOP_unmap_grant_ref, op_batch, grant, unmap, SELF, FIRST, "")                                             \
    ROW(GNTTABOP_unmap_and_replace, op_batch, grant, unmap, SELF, FIRST, "")                                           \
    ROW(GNTTABOP_copy, op_batch, grant, copy_from, DOMAIN, LATER, "whose grant the source is")                         \
    CASE(GNTTABOP_copy, to, grant, copy_to, DOMAIN, "whose grant the destination is")                                  \
    CASE(GNTTABOP_copy, own, memory, pagetable, SELF, "both ends are frames of its own, no grants")                    \
    ROW(GNTTABOP_setup_table, op_setup_table, grant, setup, SELF, FIRST, "")                                           \
    ROW(GNTTABOP_query_size, op_query_size, grant, query, SELF, FIRST, "")                                             \
    ROW(GNTTABOP_set_version, op_set_version, grant, query, SELF, FIRST, "")                                           \
    ROW(GNTTABOP_get_version, op_get_version, grant, query, SELF, FIRST, "")

#define VCPU_OPERATIONS(ROW, CASE)                                                                                     \
    ROW(VCPUOP_initialise, op_initialise, vcpu, initialise, SELF, FIRST, "")                                           \
    ROW(VCPUOP_up, op_up, vcpu, up, SELF, FIRST, "")                                                                   \
    ROW(VCPUOP_down, op_down, vcpu, down, SELF, FIRST, "")                                                             \
    CASE(VCPUOP_down, machine, platform, power, XEN, "the control domain's last one: the machine goes off")            \
    ROW(VCPUOP_is_up, op_is_up, vcpu, info, SELF, FIRST, "")                                                           \
    ROW(VCPUOP_get_runstate_info, op_get_runstate, vcpu, info, SELF, FIRST, "")                                        \
    ROW(VCPUOP_get_physid, op_get_physid, vcpu, info, SELF, FIRST, "")                                                 \
    ROW(VCPUOP_register_runstate_memory_area, op_runstate_area, vcpu, area, SELF, FIRST, "")                           \
    ROW(VCPUOP_register_vcpu_time_memory_area, op_time_area, vcpu, area, SELF, FIRST, "")                              \
    ROW(VCPUOP_register_vcpu_info, op_register_info, vcpu, area, SELF, FIRST, "")                                      \
    ROW(VCPUOP_set_periodic_timer, op_set_periodic, vcpu, timer, SELF, FIRST, "")                                      \
    ROW(VCPUOP_stop_periodic_timer, op_stop_periodic, vcpu, timer, SELF, FIRST, "")                                    \
    ROW(VCPUOP_set_singleshot_timer, op_set_singleshot, vcpu, timer, SELF, FIRST, "")                                  \
    ROW(VCPUOP_stop_singleshot_timer, op_stop_singleshot, vcpu, timer, SELF, FIRST, "")                                \
    ROW(VCPUOP_send_nmi, op_send_nmi, vcpu, nmi, SELF, FIRST, "")

#define SCHED_OPERATIONS(ROW, CASE)                                                                                    \
    ROW(SCHEDOP_yield, op_yield, vcpu, run, SELF, FIRST, "")                                                           \
    ROW(SCHEDOP_block, op_block, vcpu, run, SELF, FIRST, "")                                                           \
    ROW(SCHEDOP_poll, op_poll, vcpu, run, SELF, FIRST, "")                                                             \
    ROW(SCHEDOP_shutdown, op_shutdown, domain, shutdown, SELF, FIRST, "")                                              \
    CASE(SCHEDOP_shutdown, machine, platform, power, XEN, "of the control domain: the machine goes off")               \
    ROW(SCHEDOP_shutdown_code, op_shutdown_code, domain, shutdown, SELF, FIRST, "")                                    \
    ROW(SCHEDOP_remote_shutdown, op_remote_shutdown, domain, remote_shutdown, DOMAIN, LATER, "")                       \
    ROW(SCHEDOP_watchdog, op_watchdog, domain, watchdog, SELF, FIRST, "")

#define CALLBACK_OPERATIONS(ROW, CASE)                                                                                 \
    ROW(CALLBACKOP_register, callback_register, vcpu, traps, SELF, FIRST, "")                                          \
    ROW(CALLBACKOP_unregister, callback_unregister, vcpu, traps, SELF, FIRST, "")

#define VERSION_OPERATIONS(ROW, CASE)                                                                                  \
    ROW(XENVER_version, answer, platform, version, XEN, FIRST, "")                                                     \
    ROW(XENVER_extraversion, answer, platform, version, XEN, FIRST, "")                                                \
    ROW(XENVER_compile_info, answer, platform, version, XEN, FIRST, "")                                                \
    ROW(XENVER_capabilities, answer, platform, version, XEN, FIRST, "")                                                \
    ROW(XENVER_changeset, answer, platform, version, XEN, FIRST, "")                                                   \
    ROW(XENVER_platform_parameters, answer, platform, version, XEN, FIRST, "")                                         \
    ROW(XENVER_get_features, answer, platform, version, XEN, FIRST, "")                                                \
    ROW(XENVER_pagesize, answer, platform, version, XEN, FIRST, "")                                                    \
    ROW(XENVER_guest_handle, answer, platform, version, XEN, FIRST, "")                                                \
    ROW(XENVER_commandline, answer, platform, version, XEN, FIRST, "")                                                 \
    ROW(XENVER_build_id, answer, platform, version, XEN, FIRST, "")

/* Hardware is asked by its unit: line, function, port, frame. */
#define PHYSDEV_OPERATIONS(ROW, CASE)                                                                                  \
    ROW(PHYSDEVOP_set_iopl, op_set_iopl, vcpu, iopl, SELF, FIRST, "")                                                  \
    ROW(PHYSDEVOP_eoi, op_eoi, hw, irq, XEN, LATER, "the line")                                                        \
    ROW(PHYSDEVOP_irq_status_query, op_irq_status, hw, irq, XEN, LATER, "the line")                                    \
    ROW(PHYSDEVOP_apic_read, op_apic_read, hw, irq, XEN, LATER, "the register")                                        \
    ROW(PHYSDEVOP_apic_write, op_apic_write, hw, irq, XEN, LATER, "the register")                                      \
    ROW(PHYSDEVOP_alloc_irq_vector, op_irq_vector, hw, irq, XEN, LATER, "the line")                                    \
    ROW(PHYSDEVOP_map_pirq, op_map_pirq, hw, irq, XEN, LATER, "the line")                                              \
    CASE(PHYSDEVOP_map_pirq, message, hw, pci, XEN, "a message: the function")                                         \
    ROW(PHYSDEVOP_unmap_pirq, op_unmap_pirq, hw, irq, XEN, LATER, "the line")                                          \
    ROW(PHYSDEVOP_setup_gsi, op_setup_gsi, hw, irq, XEN, LATER, "the line")                                            \
    ROW(PHYSDEVOP_get_free_pirq, op_get_free_pirq, hw, irq, XEN, LATER, "")                                            \
    ROW(PHYSDEVOP_manage_pci_add, op_pci_by_bus, hw, pci, XEN, LATER, "the function")                                  \
    ROW(PHYSDEVOP_manage_pci_remove, op_pci_by_bus, hw, pci, XEN, LATER, "the function")                               \
    ROW(PHYSDEVOP_manage_pci_add_ext, op_pci_add_ext, hw, pci, XEN, LATER, "the function")                             \
    ROW(PHYSDEVOP_pci_device_add, op_pci_add, hw, pci, XEN, LATER, "the function")                                     \
    ROW(PHYSDEVOP_pci_device_remove, op_pci_by_segment, hw, pci, XEN, LATER, "the function")                           \
    ROW(PHYSDEVOP_prepare_msix, op_pci_by_segment, hw, pci, XEN, LATER, "the function")                                \
    ROW(PHYSDEVOP_release_msix, op_pci_by_segment, hw, pci, XEN, LATER, "the function")                                \
    ROW(PHYSDEVOP_restore_msi, op_restore_msi, hw, pci, XEN, LATER, "the function")                                    \
    ROW(PHYSDEVOP_restore_msi_ext, op_restore_msi, hw, pci, XEN, LATER, "the function")

#define PLATFORM_OPERATIONS(ROW, CASE)                                                                                 \
    ROW(XENPF_settime32, settime32, platform, time, XEN, FIRST, "")                                                    \
    ROW(XENPF_settime64, settime64, platform, time, XEN, FIRST, "")                                                    \
    ROW(XENPF_firmware_info, firmware_info, platform, firmware, XEN, FIRST, "")                                        \
    ROW(XENPF_get_cpuinfo, cpuinfo, platform, cpu, XEN, FIRST, "")                                                     \
    ROW(XENPF_cpu_offline, cpu_offline, platform, cpu, XEN, FIRST, "")                                                 \
    ROW(XENPF_enter_acpi_sleep, enter_sleep, platform, power, XEN, FIRST, "")

#define CONSOLE_OPERATIONS(ROW, CASE)                                                                                  \
    ROW(CONSOLEIO_write, write_output, platform, console_write, XEN, FIRST, "")                                        \
    ROW(CONSOLEIO_read, read_input, platform, console_read, XEN, FIRST, "")

/* bulkhead.h */
#define BULKHEAD_OPERATIONS(ROW, CASE)                                                                                 \
    ROW(BH_DOM_CREATE, operate_create, domain, create, LABEL, LATER, "the label that it is to have")                   \
    ROW(BH_DOM_LOAD, operate_load, domain, load, DOMAIN, LATER, "")                                                    \
    ROW(BH_DOM_BUILD, operate_build, domain, build, DOMAIN, LATER, "")                                                 \
    ROW(BH_DOM_UNPAUSE, operate_pause, domain, unpause, DOMAIN, LATER, "")                                             \
    ROW(BH_DOM_PAUSE, operate_pause, domain, pause, DOMAIN, LATER, "")                                                 \
    ROW(BH_DOM_DESTROY, operate_destroy, domain, destroy, DOMAIN, LATER, "")                                           \
    ROW(BH_DOM_INFO, operate_info, domain, info, DOMAIN, LATER, "one that may not be seen is skipped")                 \
    ROW(BH_DOM_SCHED, operate_sched, domain, sched, DOMAIN, LATER, "")                                                 \
    ROW(BH_PLATFORM_INFO, platform_info, platform, info, XEN, FIRST, "")                                               \
    ROW(BH_AUDIT_READ, audit_read_op, policy, audit, XEN, FIRST, "")                                                   \
    ROW(BH_DMESG_READ, dmesg_read, platform, dmesg, XEN, FIRST, "")                                                    \
    ROW(BH_EVENTLOG_READ, measure_eventlog_read, attest, eventlog, XEN, FIRST, "")                                     \
    ROW(BH_REPORT, measure_report_op, attest, report, SELF, FIRST, "")                                                 \
    ROW(BH_EXTEND, measure_extend, attest, extend, SELF, FIRST, "")                                                    \
    ROW(BH_REPORT_CHECK, measure_report_check, attest, check, XEN, FIRST, "")                                          \
    ROW(BH_SEAL_KEY, measure_seal_key, attest, seal, SELF, FIRST, "")                                                  \
    ROW(BH_SEAL_COUNTER, measure_seal_counter, attest, seal, SELF, FIRST, "")                                          \
    ROW(BH_EVIDENCE_PUT, measure_evidence_put, attest, evidence_put, XEN, FIRST, "")                                   \
    ROW(BH_EVIDENCE_GET, measure_evidence_get, attest, evidence_get, XEN, FIRST, "")                                   \
    ROW(BH_TPM_COMMAND, measure_tpm_command, tpm, read, XEN, LATER, "GetCapability, PCR_Read, ReadPublic, NV_Read...") \
    CASE(BH_TPM_COMMAND, random, tpm, random, XEN, "GetRandom")                                                        \
    CASE(BH_TPM_COMMAND, quote, tpm, quote, XEN, "Quote")                                                              \
    CASE(BH_TPM_COMMAND, key, tpm, key, XEN, "CreatePrimary, Create, Load, EvictControl, FlushContext")                \
    CASE(BH_TPM_COMMAND, activate, tpm, activate, XEN, "ActivateCredential, PolicySecret, StartAuthSession")           \
    ROW(BH_MM_AUDIT, mm_audit, domain, mm_audit, SELF, LATER, "itself (debug builds)")                                 \
    CASE(BH_MM_AUDIT, peer, domain, peer_mm_audit, DOMAIN, "another domain (debug builds)")                            \
    ROW(BH_POLICY_STAGE, policy_stage_op, policy, load, XEN, FIRST, "")                                                \
    ROW(BH_POLICY_COMMIT, policy_commit_op, policy, load, XEN, FIRST, "")                                              \
    ROW(BH_POLICY_READ, policy_read_op, policy, read, XEN, FIRST, "")

/* Instructions that fault and are performed for the guest (cpu/privop.c); `number` is the decoder's. */
#define EMULATED_OPERATIONS(ROW, CASE)                                                                                 \
    ROW(DECODE_IN, port_in, hw, ioport, XEN, LATER, "the port")                                                        \
    CASE(DECODE_IN, pci, hw, pci, XEN, "PCI configuration space (INS too): the function")                              \
    ROW(DECODE_OUT, port_out, hw, ioport, XEN, LATER, "the port")                                                      \
    CASE(DECODE_OUT, pci, hw, pci, XEN, "PCI configuration space (OUTS too): the function")                            \
    ROW(DECODE_INS, port_ins, hw, ioport, XEN, LATER, "the port")                                                      \
    ROW(DECODE_OUTS, port_outs, hw, ioport, XEN, LATER, "the port")                                                    \
    ROW(DECODE_MOV_TO_CR, write_cr, memory, pagetable, SELF, LATER, "CR3")                                             \
    CASE(DECODE_MOV_TO_CR, ts, vcpu, fpu, SELF, "CR0: TS")                                                             \
    CASE(DECODE_MOV_TO_CR, shadow, vcpu, emulate, SELF, "CR2, CR4: values that are kept for the guest")                \
    ROW(DECODE_MOV_FROM_CR, read_cr, vcpu, emulate, SELF, FIRST, "")                                                   \
    ROW(DECODE_MOV_TO_DR, write_dr, vcpu, debugreg, SELF, FIRST, "")                                                   \
    ROW(DECODE_MOV_FROM_DR, read_dr, vcpu, debugreg, SELF, FIRST, "")                                                  \
    ROW(DECODE_WRMSR, write_msr, vcpu, segments, SELF, LATER, "FS and GS bases")                                       \
    CASE(DECODE_WRMSR, constant, vcpu, emulate, SELF, "others: values that do not change")                             \
    ROW(DECODE_RDMSR, read_msr, vcpu, emulate, SELF, FIRST, "")                                                        \
    ROW(DECODE_CPUID, emulate_cpuid, vcpu, emulate, SELF, FIRST, "by fault or with the forced prefix")                 \
    ROW(DECODE_CLI, mask_events, vcpu, emulate, SELF, FIRST, "")                                                       \
    ROW(DECODE_STI, mask_events, vcpu, emulate, SELF, FIRST, "")                                                       \
    ROW(DECODE_CLTS, clear_ts, vcpu, fpu, SELF, FIRST, "")                                                             \
    ROW(DECODE_XSETBV, write_xcr0, vcpu, fpu, SELF, FIRST, "")                                                         \
    ROW(DECODE_WBINVD, flush_caches, memory, pagetable, SELF, FIRST, "")                                               \
    ROW(DECODE_INVLPG, flush_page, memory, pagetable, SELF, FIRST, "")

/* Not by a number: what a guest's memory accesses bring about. Handlers are called by name. */
#define ACCESS_OPERATIONS(ROW, CASE)                                                                                   \
    ROW(page_table_write, ptwr_fault, memory, pagetable, SELF, LATER, "a write that faults on a page table's entry")   \
    ROW(device_frame, iomem_resolve, hw, iomem, XEN, LATER, "a page-table entry that names a frame which is no RAM")

#define OPERATIONS(CALL, ROW, CASE)                                                                                    \
    HYPERCALL_OPERATIONS(CALL, OPERATION_OMIT)                                                                         \
    MMU_UPDATE_OPERATIONS(ROW, CASE)                                                                                   \
    MMUEXT_OPERATIONS(ROW, CASE)                                                                                       \
    MEMORY_OPERATIONS(ROW, CASE)                                                                                       \
    EVENT_OPERATIONS(ROW, CASE)                                                                                        \
    GRANT_OPERATIONS(ROW, CASE)                                                                                        \
    VCPU_OPERATIONS(ROW, CASE)                                                                                         \
    SCHED_OPERATIONS(ROW, CASE)                                                                                        \
    CALLBACK_OPERATIONS(ROW, CASE)                                                                                     \
    VERSION_OPERATIONS(ROW, CASE)                                                                                      \
    PHYSDEV_OPERATIONS(ROW, CASE)                                                                                      \
    PLATFORM_OPERATIONS(ROW, CASE)                                                                                     \
    CONSOLE_OPERATIONS(ROW, CASE)                                                                                      \
    BULKHEAD_OPERATIONS(ROW, CASE)                                                                                     \
    EMULATED_OPERATIONS(ROW, CASE)                                                                                     \
    ACCESS_OPERATIONS(ROW, CASE)
#define OPERATION_OMIT(...)

/* OP_set_gdt, OP_EVTCHNOP_send, OP_EVTCHNOP_bind_virq_global, ... */
enum operation {
    OP_NONE, /* a multiplexed hypercall: its operations ask */
#define OPERATION_CALL(name, class, permission, object, when, note)            OP_##name,
#define OPERATION_ROW(number, handler, class, permission, object, when, note)  OP_##number,
#define OPERATION_CASE(number, suffix, class, permission, object, note)        OP_##number##_##suffix,
    OPERATIONS(OPERATION_CALL, OPERATION_ROW, OPERATION_CASE)
#undef OPERATION_CALL
#undef OPERATION_ROW
#undef OPERATION_CASE
    OPERATION_COUNT
};

/* An entry of a sub-dispatcher's table: EVENT_OPERATIONS(OPERATION_ENTRY, OPERATION_OMIT) */
#define OPERATION_ENTRY(number, handler, class, permission, object, when, note) [number] = {handler, OP_##number},
/* clang-format on */

struct operation_row {
    uint8_t perm;   /* enum bh_perm */
    uint8_t first;  /* the same where it is asked FIRST, else BH_PERM_COUNT: a permission that everybody has */
    uint8_t object; /* enum bh_perm_object; LABEL is DOMAIN here */
    uint16_t of;    /* a CASE's ROW, else itself */
    uint16_t mark;  /* of, where it is asked FIRST, else OP_NONE */
};

extern const struct operation_row operations[OPERATION_COUNT];

#endif
