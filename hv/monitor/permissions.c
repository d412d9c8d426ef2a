/* SPDX-License-Identifier: MIT */
#include "permissions.h"

#include <bulkhead.h>

#define CHECK_ROW(class, name, object, guards)                                                                         \
    _Static_assert(sizeof(#class) <= sizeof(((struct bh_audit_record *)0)->class_name) &&                              \
                       sizeof(#name) <= sizeof(((struct bh_audit_record *)0)->perm_name),                              \
                   "the name fits into an audit record: " #class " " #name);
BH_PERMISSIONS(CHECK_ROW)

const char *const bh_class_names[BH_CLASS_COUNT] = {
#define CLASS_NAME(class) #class,
    BH_CLASSES(CLASS_NAME)};

const struct bh_permission bh_permissions[BH_PERM_COUNT] = {
#define PERM_ROW(class, name, object, guards) {#class, #name, guards, BH_OBJECT_##object, BH_CLASS_##class},
    BH_PERMISSIONS(PERM_ROW)};
