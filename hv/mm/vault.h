/* SPDX-License-Identifier: MIT */
#ifndef HV_VAULT_H
#define HV_VAULT_H

void vault_init(void); /* boot, identity map loaded; vault_enter and vault_leave are in measure/measure.h */

#endif
