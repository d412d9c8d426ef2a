/* SPDX-License-Identifier: MIT */
/* Pure readers of ACPI tables (ACPI 6.4 chapters 5 and 20; Intel VT-d 8.3; TCG ACPI specification) that say where
 * hardware is. Each takes a whole table, header included, from firmware: nothing in it is believed. */
#ifndef HV_ACPI_HW_H
#define HV_ACPI_HW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACPI_HEADER_SIZE 36

struct acpi_fadt {
    uint64_t dsdt;
    uint32_t smi_cmd;
    uint8_t acpi_enable, acpi_disable;
    uint16_t pm1a_evt, pm1b_evt, pm1a_cnt, pm1b_cnt, pm2_cnt, pm_tmr, gpe0, gpe1; /* ports, 0: none */
    uint8_t pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_tmr_len, gpe0_len, gpe1_len;
    uint16_t reset_port; /* 0: no reset register in I/O space */
    uint8_t reset_value;
};
/* False if the table is too short to be one; *f is zeroed then. */
bool acpi_fadt_parse(const uint8_t *table, size_t len, struct acpi_fadt *f);

struct acpi_s5 {
    bool found;
    uint8_t type_a, type_b; /* SLP_TYP values, 3 bits */
};
/* Looks for Name (_S5_, Package () {a, b, ...}) with integers in AML code; false if there is none. */
bool acpi_s5_find(const uint8_t *table, size_t len, struct acpi_s5 *s5);

/* Register bases of the DRHD structures of a DMAR table into base[0..max); how many. */
unsigned int acpi_dmar_units(const uint8_t *table, size_t len, uint64_t *base, unsigned int max);
/* Control area of a TPM2 table, 0 if there is none. */
uint64_t acpi_tpm2_area(const uint8_t *table, size_t len);
/* Its start method, 0 if there is none. */
uint32_t acpi_tpm2_method(const uint8_t *table, size_t len);
/* Base of an HPET table's registers, 0 if they are not in memory. */
uint64_t acpi_hpet_base(const uint8_t *table, size_t len);

#endif
