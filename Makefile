# SPDX-License-Identifier: MIT
# Every command a person needs. `make help` lists them. Each folder brings its own rules in a .mk file.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --warn-undefined-variables
export LC_ALL := C
export SOURCE_DATE_EPOCH ?= 1700000000

B := build
# `make V=1` shows commands whole; else one short line for each.
V ?=
ifeq ($(V),)
.SILENT:
endif
SPACES := $(subst x,,x  x)
CC = $(if $(V),,$(info $(SPACES)CC     $@))gcc
HOST_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes -Wshadow \
	-ffile-prefix-map=$(CURDIR)=. -Ihv/include/public
TEST_CFLAGS := $(HOST_CFLAGS) -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

.PHONY: all help build
all: build

help: ## list every target
	@grep -hE '^[a-zA-Z0-9_-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  %-22s %s\n", $$1, $$2}'

# Each .mk adds to BUILD_ALL what `make build` leaves behind, to HOST_TESTS the names of its host tests, ...
BUILD_ALL :=
HOST_TESTS :=
FUZZERS :=
PACKAGES :=
include $(wildcard hv/hv.mk policy/policy.mk attest/attest.mk dom0/dom0.mk guest-port/guest-port.mk keys/keys.mk tests/tests.mk)

build: $(BUILD_ALL) ## build everything into build/
