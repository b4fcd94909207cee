# SPDX-License-Identifier: GPL-2.0
#
# The two commands most people want: make demo, make check.

SHELL := /bin/bash
BUILD ?= $(CURDIR)/build
export BUILD

# Scripts start their own make: it is not a part of this one.
unexport MAKEFLAGS MFLAGS MAKELEVEL

.DEFAULT_GOAL := help

##@ Try it

demo: kernel tools selftests ## checkpoint programs, power the machine off, restart them
	@if [ -x scripts/demo ]; then scripts/demo; else \
		echo "there is no demo yet: scripts/demo is missing" >&2; exit 1; fi

shell: kernel tools selftests ## an interactive shell in a machine with this kernel
	@vm/run -t 0 -- $(or $(CMD),bash -l)

##@ Build

deps: ## install the Debian packages that are missing (NO_DEPS=1: do not)
	@scripts/deps

kernel: kernel-tree ## User-Mode Linux, for everyday use and tests
	@scripts/stamp kernel-um $(kernel_inputs) --makes $(BUILD)/um/linux -- \
		scripts/build-kernel -o $(BUILD)/um um

kernel-debug: kernel-tree ## the same with KASAN, UBSAN, lockdep, kmemleak
	@scripts/stamp kernel-um-debug $(kernel_inputs) --makes $(BUILD)/um-debug/linux -- \
		scripts/build-kernel -o $(BUILD)/um-debug um-debug

kernel-x86_64: kernel-tree ## a PC for qemu
	@scripts/deps qemu
	@scripts/stamp kernel-x86_64 $(kernel_inputs) --makes $(BUILD)/x86_64/vmlinux -- \
		scripts/build-kernel -o $(BUILD)/x86_64 x86_64

# The same code at other addresses, and other code
VDSO_FLAGS := CFLAGS_vclock_gettime.o='-Os -falign-functions=512' \
	CFLAGS_vgetcpu.o=-falign-functions=512 CFLAGS_vgetrandom.o=-falign-functions=256

kernel-x86_64-vdso: kernel-tree ## the same as x86_64 with another vDSO
	@scripts/deps qemu
	@scripts/stamp kernel-x86_64-vdso $(kernel_inputs) Makefile --makes $(BUILD)/x86_64-vdso/vmlinux -- \
		scripts/build-kernel -o $(BUILD)/x86_64-vdso x86_64 vmlinux $(VDSO_FLAGS)

kernel-x86_64-debug: kernel-tree ## the same with KASAN, UBSAN, lockdep, kmemleak
	@scripts/deps qemu
	@scripts/stamp kernel-x86_64-debug $(kernel_inputs) --makes $(BUILD)/x86_64-debug/vmlinux -- \
		scripts/build-kernel -o $(BUILD)/x86_64-debug x86_64-debug

kernel-i386: kernel-tree ## a PC with 32 bits for qemu, and the programs that it runs
	@scripts/deps qemu
	@scripts/stamp kernel-i386 $(kernel_inputs) --makes $(BUILD)/i386/vmlinux -- \
		scripts/build-kernel -o $(BUILD)/i386 i386
	@scripts/i386-root

tools: deps ## user-cr: checkpoint, restart, ns_exec, ckptinfo, ckpt-convert
	@$(call in_folder,user-cr)

# What they are linked with comes with the programs of the machine.
tools-i386: deps kernel-i386 ## the tools as 32-bit programs
	@$(MAKE) --no-print-directory -s -C user-cr -j $${JOBS:-$$(nproc)} O=$(BUILD)/user-cr programs32 \
		ROOT32=$(BUILD)/i386/root

selftests: tools kernel-tree ## the test programs
	@$(call in_folder,selftests)

##@ Test

check: kernel tools selftests ## all tests
	@scripts/check

check-debug: kernel-debug tools selftests ## all tests on the debug kernel
	@scripts/check -a um-debug

check-x86_64: kernel-x86_64 tools selftests ## the tests of what only x86 has, in qemu; also in check-all
	@scripts/check -a x86_64 own

check-all: kernel kernel-debug kernel-x86_64 kernel-x86_64-vdso kernel-x86_64-debug tools-i386 tools selftests ## all tests on every kernel; takes a day
	@scripts/check --on=um-debug --on=x86_64 --on=i386 --on=x86_64-debug

check-long: kernel-debug tools selftests ## every allocation fails once; 20,000 mutated images; takes hours
	@scripts/check -a um-debug faults images

mutate: kernel tools selftests ## drop each field of the image, and see a test fail
	@scripts/mutate

ifeq ($(ARCH),x86_64)
bench: bench-criu
else
bench: kernel tools kernel-tree ## frozen time and speed, as ratios to dd; growth with the number of tasks
	@$(call in_folder,bench)
	@vm/run -m 3G -t 900 -- $(BUILD)/bench/bench
	@scripts/bench-tasks
endif

bench-criu: kernel-x86_64 tools kernel-tree ## our tools beside CRIU's; also as make bench ARCH=x86_64
	@$(call in_folder,bench)
	@scripts/bench-criu

lint: kernel-tree ## checkpatch, sparse, W=1, coccinelle, kernel-doc, shellcheck, compilers
	@scripts/lint

bisect: kernel-tree ## build every step of the series, with the option on and off
	@scripts/bisect

##@ The series

kernel-tree: deps ## patches/ and series -> commits in kernel-tree/
	@scripts/kernel-tree

export: ## commits in kernel-tree/ -> patches/ and series
	@scripts/export

export-check: ## fail if the two differ
	@scripts/export --check

##@ Other

clean: ## remove what was built; kernel-tree/ stays
	rm -rf $(BUILD)

help: ## this text
	@awk -F ':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9_-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' Makefile
	@printf '\nVariables: KERNEL_SRC=, FROM= (sources, see scripts/kernel-tree --help),\n'
	@printf '  JOBS= (parallel jobs), ONLY= (parts of lint), CACHE= (downloads), NO_DEPS=1\n'

kernel_inputs := kernel-tree configs scripts/build-kernel

# Folders that build by themselves, into $(BUILD)/FOLDER.
define in_folder
if [ -f $(1)/Makefile ]; then \
	$(MAKE) --no-print-directory -s -C $(1) -j $${JOBS:-$$(nproc)} O=$(BUILD)/$(1); \
else \
	echo "there is no $(1)/ yet: nothing to build there"; \
fi
endef

.PHONY: demo shell deps kernel kernel-debug kernel-x86_64 kernel-x86_64-vdso kernel-x86_64-debug \
	kernel-i386 tools tools-i386 selftests check check-debug check-x86_64 check-all check-long \
	mutate bench bench-criu lint bisect kernel-tree export export-check clean help
