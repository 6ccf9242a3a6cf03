# tlsharden. `make help` lists what can be made.

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
DESTDIR    ?=
CC         ?= cc
BUILD      ?= build
VERSION    := 0.1.0

BUILD_PACKAGES := gcc libc6-dev make pkg-config libssl-dev libjansson-dev libxml2-dev libldap-dev \
	libelf-dev libgnutls30 libsasl2-modules openssl diffutils
TEST_PACKAGES := clang clang-format clang-tidy cppcheck valgrind mandoc libclang-rt-14-dev check \
	gnutls-bin patch python3 python3-jsonschema mmdebstrap util-linux iproute2 xz-utils \
	shellcheck git dpkg-dev debhelper fakeroot lintian systemd zsh ansible-core ansible-lint openssh-client less rpm rpmlint
LIBRARIES := libssl libcrypto jansson libxml-2.0 ldap libelf

# --- flags -----------------------------------------------------------------------------------

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wcast-qual -Wformat=2 -Wvla -Wswitch-enum -Wnull-dereference -Wno-missing-field-initializers
WARN_GCC := -Wduplicated-cond -Wlogical-op
WERROR ?=
HARDEN := -fstack-protector-strong -fstack-clash-protection -fPIE
FORTIFY := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
LINK_HARDEN := -pie -Wl,-z,relro,-z,now

IS_GCC := $(shell $(CC) --version 2>/dev/null | grep -q -i 'free software' && echo yes)
LIBRARY_CFLAGS := $(shell pkg-config --cflags $(LIBRARIES) 2>/dev/null)
LIBRARY_LIBS := $(shell pkg-config --libs $(LIBRARIES) 2>/dev/null)
CPPFLAGS_ALL = -D_GNU_SOURCE -Isrc -DTLSHARDEN_VERSION='"$(VERSION)"' \
	-DTLSHARDEN_PROGRAM='"$(PREFIX)/bin/tlsharden"' -DTLSHARDEN_DATA='"$(PREFIX)/share/tlsharden"' -DTLSHARDEN_CONFIG='"$(SYSCONFDIR)/tlsharden"' \
	$(LIBRARY_CFLAGS) $(CPPFLAGS)
CFLAGS ?= -O2 -g
CFLAGS_ALL = -std=c11 $(CFLAGS) $(WARN) $(if $(IS_GCC),$(WARN_GCC)) $(WERROR) $(HARDEN) \
	-ffile-prefix-map=$(CURDIR)=. -MMD -MP $(if $(SANITIZE),$(SANITIZE),$(FORTIFY))
LDFLAGS_ALL = $(LINK_HARDEN) $(SANITIZE) $(LDFLAGS)
LDLIBS_ALL = $(LIBRARY_LIBS) -llber -ldl -pthread $(LDLIBS)

# V=1 shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),,@echo "  $(1) $(2)")

# --- what there is ---------------------------------------------------------------------------

SOURCES := $(wildcard src/*/*.c)
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/obj/%.o)
LIBRARY := $(BUILD)/libtlsharden.a
PROGRAM := $(BUILD)/tlsharden
UNIT_SOURCES := $(wildcard tests/unit/*_test.c tests/format/*_test.c)
UNIT_TESTS := $(UNIT_SOURCES:tests/%.c=$(BUILD)/tests/%)
FUZZ_SOURCES := $(wildcard tests/fuzz/*_fuzz.c)
FUZZERS := $(FUZZ_SOURCES:tests/fuzz/%.c=$(BUILD)/fuzz/%)
DATA_FILES := $(wildcard profiles/*.json templates/README.md) \
	$(shell find templates -mindepth 2 -type f)

.PHONY: all
all: $(PROGRAM) ## build build/tlsharden

$(PROGRAM): $(filter $(BUILD)/obj/cli/%,$(OBJECTS)) $(LIBRARY)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL)

$(LIBRARY): $(filter-out $(BUILD)/obj/cli/%,$(OBJECTS))
	$(call say,AR  ,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $^

$(BUILD)/obj/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(call say,CC  ,$<)
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -c -o $@ $<

$(BUILD)/tests/%: tests/%.c $(LIBRARY)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CPPFLAGS_ALL) -Itests $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(LIBRARY) \
		$(LDLIBS_ALL) $$(pkg-config --libs check)

-include $(OBJECTS:.o=.d) $(UNIT_TESTS:=.d)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: deps
deps: ## install the Debian packages that building and testing need (apt-get; as root, or by sudo)
	@sh tests/deps $(BUILD_PACKAGES) $(TEST_PACKAGES)

include packaging/packaging.mk

# --- tests -----------------------------------------------------------------------------------
# Every test speaks TAP; tests/run adds them up and prints "N passed, N failed".

.PHONY: check-unit
check-unit: $(UNIT_TESTS) ## unit and format tests: no root, no network, under a minute
	@tests/run $(UNIT_TESTS)

.PHONY: check-sanitized
check-sanitized: ## the same under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)/san CFLAGS='-O1 -g' \
		SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer' \
		check-unit

# --- fuzzing ---------------------------------------------------------------------------------

FUZZ_SECONDS ?= 300
FUZZ_FLAGS := -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all

# The second make knows what the library depends on; it is asked each time.
.PHONY: fuzz-library
fuzz-library:
	@$(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)/fuzz CFLAGS='-O1 -g' \
		SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' \
		$(BUILD)/fuzz/libtlsharden.a

$(BUILD)/fuzz/libtlsharden.a: fuzz-library ;

$(BUILD)/fuzz/%_fuzz: tests/fuzz/%_fuzz.c $(BUILD)/fuzz/libtlsharden.a
	$(call say,LINK,$@)
	$(Q)clang $(CPPFLAGS_ALL) -Itests -std=c11 -O1 -g $(WARN) $(WERROR) -MMD -MP $(FUZZ_FLAGS) \
		-o $@ $< $(BUILD)/fuzz/libtlsharden.a $(LDLIBS_ALL)

-include $(FUZZERS:=.d)

.PHONY: fuzz
fuzz: $(FUZZERS) ## fuzz every parser, FUZZ_SECONDS each (300)
	@tests/fuzz/run $(FUZZ_SECONDS) $(FUZZERS)

.PHONY: clean
clean: ## remove what was built, the test host included
	rm -rf $(BUILD)

include tests/tests.mk
