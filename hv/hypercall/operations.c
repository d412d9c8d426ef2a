/* SPDX-License-Identifier: MIT */
#include "hypercall/operations.h"

#define OBJECT_SELF   BH_OBJECT_SELF
#define OBJECT_DOMAIN BH_OBJECT_DOMAIN
#define OBJECT_LABEL  BH_OBJECT_DOMAIN
#define OBJECT_XEN    BH_OBJECT_XEN

/* Each permission's kind of object, as a constant. */
enum {
#define KIND(class, name, object, guards) KIND_##class##_##name = BH_OBJECT_##object,
    BH_PERMISSIONS(KIND)
};

/* A row asks of the kind of object that its permission is for; what is asked first needs no argument. */
#define CHECK(class, permission, object, when)                                                                         \
    _Static_assert((int)KIND_##class##_##permission == (int)OBJECT_##object &&                                         \
                       (OPERATION_##when == OPERATION_LATER || (int)OBJECT_##object != (int)BH_OBJECT_DOMAIN),         \
                   "row and permission agree: " #class " " #permission);
#define CHECK_CALL(name, class, permission, object, when, note)           CHECK(class, permission, object, when)
#define CHECK_ROW(number, handler, class, permission, object, when, note) CHECK(class, permission, object, when)
#define CHECK_CASE(number, suffix, class, permission, object, note)       CHECK(class, permission, object, LATER)
OPERATIONS(CHECK_CALL, CHECK_ROW, CHECK_CASE)

#define CALL(name, class, permission, object, when, note)                                                              \
    [OP_##name] = {PERM_##class##_##permission, OBJECT_##object, OPERATION_##when, OP_##name},
#define ROW(number, handler, class, permission, object, when, note)                                                    \
    [OP_##number] = {PERM_##class##_##permission, OBJECT_##object, OPERATION_##when, OP_##number},
#define CASE(number, suffix, class, permission, object, note)                                                          \
    [OP_##number##_##suffix] = {PERM_##class##_##permission, OBJECT_##object, OPERATION_LATER, OP_##number},

const struct operation_row operations[OPERATION_COUNT] = {
    [OP_NONE] = {BH_PERM_COUNT, BH_OBJECT_SELF, OPERATION_LATER, OP_NONE}, OPERATIONS(CALL, ROW, CASE)};
