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

enum { FIRST, LATER };

/* A row asks of the kind of object that its permission is for; what is asked first needs no argument. */
#define CHECK(class, permission, object, when)                                                                         \
    _Static_assert((int)KIND_##class##_##permission == (int)OBJECT_##object &&                                         \
                       (when == LATER || (int)OBJECT_##object != (int)BH_OBJECT_DOMAIN),                               \
                   "row and permission agree: " #class " " #permission);
#define CHECK_CALL(name, class, permission, object, when, note)           CHECK(class, permission, object, when)
#define CHECK_ROW(number, handler, class, permission, object, when, note) CHECK(class, permission, object, when)
#define CHECK_CASE(number, suffix, class, permission, object, note)       CHECK(class, permission, object, LATER)
OPERATIONS(CHECK_CALL, CHECK_ROW, CHECK_CASE)
_Static_assert(BH_PERM_COUNT < UINT8_MAX, "a permission's number fits into a row");

#define ENTRY(op, perm, object, when, of)                                                                              \
    [op] = {perm, when == FIRST ? perm : BH_PERM_COUNT, OBJECT_##object, of, when == FIRST ? of : OP_NONE},
#define CALL(name, class, permission, object, when, note)                                                              \
    ENTRY(OP_##name, PERM_##class##_##permission, object, when, OP_##name)
#define ROW(number, handler, class, permission, object, when, note)                                                    \
    ENTRY(OP_##number, PERM_##class##_##permission, object, when, OP_##number)
#define CASE(number, suffix, class, permission, object, note)                                                          \
    ENTRY(OP_##number##_##suffix, PERM_##class##_##permission, object, LATER, OP_##number)

const struct operation_row operations[OPERATION_COUNT] = {
    [OP_NONE] = {BH_PERM_COUNT, BH_PERM_COUNT, BH_OBJECT_SELF, OP_NONE, OP_NONE}, OPERATIONS(CALL, ROW, CASE)};
