# joulerig: one Makefile for everything. `make help` lists the targets.
#
#   BUILD=release|asan|tsan   the variant; its files go to build/, build/asan/, build/tsan/
#   CC=clang                  another compiler      V=1  show the commands

BUILD ?= release
ifeq ($(BUILD),release)
O := build
else
O := build/$(BUILD)
endif
ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX  ?= /usr/local
DESTDIR ?=
JOBS    ?= $(shell nproc)
# Tests wait more than they work.
TESTS_AT_ONCE ?= $(shell expr 2 '*' $(JOBS))

PKGS.proto       := libzmq libsodium msgpack libpcre2-8
PKGS.agent       := $(PKGS.proto) hwloc jansson
PKGS.coordinator := $(PKGS.proto) yaml-0.1 sqlite3 gsl jansson lua5.4 md4c glib-2.0 libcurl libmicrohttpd
PKGS.tests       := cmocka
PKGS.meter       := fuse3

WARN := -Wall -Wextra -Werror -Wshadow -Wvla -Wmissing-prototypes -Wstrict-prototypes -Wformat=2 -Wundef \
	-Wpointer-arith -Wwrite-strings
CFLAGS.release  := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
LDFLAGS.release := -Wl,-z,relro,-z,now
CFLAGS.asan     := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
LDFLAGS.asan    := -fsanitize=address,undefined
CFLAGS.tsan     := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
LDFLAGS.tsan    := -fsanitize=thread
TSAN_OPTIONS    := suppressions=$(CURDIR)/tests/tools/tsan.suppressions ignore_noninstrumented_modules=1 die_after_fork=0
ifeq ($(filter $(BUILD),release asan tsan),)
$(error BUILD is '$(BUILD)'; expected release, asan or tsan)
endif

# Header paths of all packages; none where they are not installed yet (then only `make deps` can work).
cflags.pkgs := $(shell pkg-config --cflags $(sort $(PKGS.agent) $(PKGS.coordinator)) 2>/dev/null)
libs         = $(shell pkg-config --libs $(1) 2>/dev/null)
ALL_CFLAGS  := -std=gnu17 -D_GNU_SOURCE -I. $(WARN) $(CFLAGS.$(BUILD)) $(cflags.pkgs) $(CFLAGS)
ALL_LDFLAGS := $(LDFLAGS.$(BUILD)) -Wl,--as-needed $(LDFLAGS)

Q   := $(if $(V),,@)
say  = $(if $(V),,@printf '  %-6s %s\n' $(1) $@;)
obj  = $(patsubst %.c,$(O)/obj/%.o,$(1))

main.src        := coordinator/main.c agent/main.c agent/exec.c agent/exec_child.c agent/pin_preload.c
proto.src       := $(wildcard proto/*.c)
agent.src       := $(filter-out $(main.src),$(wildcard agent/*.c agent/*/*.c))
coordinator.src := $(filter-out $(main.src),$(wildcard coordinator/*.c coordinator/*/*.c))
unit.src        := $(wildcard tests/unit/test_*.c)
tool.src        := $(wildcard tests/tools/*.c)
bench.src       := $(wildcard tests/bench/*.c)
fuzz.src        := $(wildcard tests/fuzz/*.c)
simulation.src  := $(wildcard tests/simulation/*.c)
schedules.src   := $(wildcard tests/schedules/*.c)
man.src         := $(wildcard docs/man/*.c)
all.src         := $(main.src) $(proto.src) $(agent.src) $(coordinator.src) $(unit.src) $(tool.src) $(bench.src) $(fuzz.src) \
	$(simulation.src) $(schedules.src) $(man.src)

programs := $(O)/joulerig $(O)/joulerig-agent $(O)/joulerig-exec $(O)/libjoulerig-pin.so
units    := $(patsubst tests/unit/%.c,$(O)/tests/%,$(unit.src))
tools    := $(patsubst tests/tools/%.c,$(O)/tests/%,$(tool.src))
replays  := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(fuzz.src))
mutants  := $(patsubst tests/schedules/mutations/%.patch,$(O)/mutations/%,$(wildcard tests/schedules/mutations/*.patch))
apart    := $(foreach n,2 3,$(O)/minor-$(n)/joulerig $(O)/minor-$(n)/joulerig-agent)
benches  := $(patsubst tests/bench/%.c,$(O)/bench/%,$(bench.src))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all man schema help deps deps-test deps-lint deps-soak deps-bench run test check asan tsan bench fuzz soak tables lint format install clean FORCE

all: $(programs)  ## build build/joulerig, build/joulerig-agent and build/joulerig-exec

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22
	@echo; sed -n '2,/^$$/s/^# *//p' $(firstword $(MAKEFILE_LIST)) | sed 1d

# Debian's npm is large: only where there is none from elsewhere.
npm = $(shell command -v npm >/dev/null || echo npm)
deps:  ## install the Debian packages that a build needs (as root, or through sudo)
	$(Q)tests/tools/install-packages build $(npm)
deps-test:
	$(Q)tests/tools/install-packages build $(npm) test
deps-lint:
	$(Q)tests/tools/install-packages build $(npm) test lint
deps-soak:
	$(Q)tests/tools/install-packages build $(npm) test soak
deps-bench:
	$(Q)tests/tools/install-packages build $(npm) test bench

# The build is a make of its own after deps, so that it sees the packages that were installed just now.
run: deps  ## install, build, run the quickstart campaign on this machine, show its table
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all
	$(Q)$(O)/joulerig run configs/quickstart.yaml

test: deps-test  ## install, build, run every test
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all $(if $(filter release,$(BUILD)),,BUILD=$(BUILD)) check

check: $(programs) $(apart) $(O)/man/.made $(units) $(tools) $(replays) $(O)/bench/accuracy $(O)/bench/swarm $(O)/tests/simulation $(O)/tests/schedules $(if $(filter release,$(BUILD)),$(mutants))
	$(Q)JOULERIG_BUILD=$(abspath $(O)) TSAN_OPTIONS="$(TSAN_OPTIONS)" CMOCKA_MESSAGE_OUTPUT=TAP prove $(PROVE_FLAGS) --timer -j$(TESTS_AT_ONCE) --exec tests/tools/run-one \
		$(if $(T),$(T),$(units) $(sort $(wildcard tests/integration/*.t)))

fuzz:  ## fuzz what reads messages and campaigns for FUZZ_TIME seconds each (60); needs clang
	$(call fuzz,message,tests/vectors,$(proto.src),$(PKGS.proto))
	$(call fuzz,campaign,tests/campaigns/good tests/campaigns/bad,$(proto.src) $(wildcard coordinator/campaign/*.c coordinator/schedule/*.c),$(PKGS.coordinator))

# (name, corpus, sources, packages). What it finds is added to build/fuzz/NAME; a crash leaves its input beside it.
define fuzz
	@mkdir -p build/fuzz/$(1)
	clang -std=gnu17 -D_GNU_SOURCE -I. -g -O1 -fsanitize=fuzzer,address,undefined $(cflags.pkgs) -o build/fuzz/libfuzzer-$(1) \
		tests/fuzz/fuzz_$(1).c $(3) $(call libs,$(4)) -lm
	build/fuzz/libfuzzer-$(1) -max_total_time=$(or $(FUZZ_TIME),60) -malloc_limit_mb=256 -timeout=10 -max_len=8192 \
		$(addprefix -dict=,$(wildcard tests/fuzz/$(1).dict)) -artifact_prefix=build/fuzz/$(1)- build/fuzz/$(1) $(2)
endef

soak: deps-soak  ## the long tests: simulated statistics and trends, a million schedules of accidents, ten minutes of real ones, an hour of nightly campaigns, a month of nights in which the coordinator is killed, ten minutes of fuzzing for each reader
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all $(O)/tests/simulation $(O)/tests/statistics $(O)/tests/test_change_points $(O)/tests/schedules $(O)/tests/meter
	$(O)/tests/schedules --count $(or $(SCHEDULES),1000000) --jobs $(JOBS)
	$(Q)rm -rf $(O)/accidents && mkdir -p $(O)/accidents
	$(Q)cd $(O)/accidents && BUILD=$(abspath $(O)) TOP=$(abspath .) $(abspath .)/tests/tools/accidents $(or $(ACCIDENTS_SECONDS),600) $(ACCIDENTS_SEED)
	$(Q)rm -rf $(O)/week && mkdir -p $(O)/week
	$(Q)cd $(O)/week && WEEK_LEAST=6 BUILD=$(abspath $(O)) TOP=$(abspath .) $(abspath .)/tests/tools/week 7 $(or $(WEEK_SECONDS),3600)
	$(Q)rm -rf $(O)/month && mkdir -p $(O)/month
	$(Q)cd $(O)/month && BUILD=$(abspath $(O)) TOP=$(abspath .) $(abspath .)/tests/tools/month 30 $(or $(MONTH_SEED),1)
	$(Q)printf '12 regressed cost prog {"n":2}\n17 failed host gamma\n' | diff - $(O)/month/notices.txt
	$(Q)POINTS_STEP=1 $(MAKE) --no-print-directory check T="tests/integration/120-points.t tests/integration/121-points-alone.t"
	$(Q)$(MAKE) --no-print-directory check T=tests/integration/083-statistics-reference.t
	$(O)/tests/simulation >$(O)/simulation.md
	$(O)/tests/test_change_points long >$(O)/trends.md
	$(Q)$(MAKE) --no-print-directory test-packages
	$(Q)$(MAKE) --no-print-directory fuzz FUZZ_TIME=600

tables: $(O)/tests/simulation  ## simulate the statistics and write their tables into docs/statistics.md (some minutes)
	$< >$(O)/simulation.md
	$(Q)sed -i -e '/^<!-- simulated -->/,/^<!-- end of simulated -->/{//!d}' -e '/^<!-- simulated -->/r $(O)/simulation.md' docs/statistics.md

asan:  ## the tests with AddressSanitizer and UBSan
	$(Q)$(MAKE) --no-print-directory test BUILD=asan
tsan:  ## the tests with ThreadSanitizer
	$(Q)$(MAKE) --no-print-directory test BUILD=tsan

bench: deps-bench  ## measure joulerig against its limits and rivals
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) all bench-programs
	$(Q)JOULERIG_BUILD=$(abspath $(O)) tests/bench/run

test-images:  ## build the images and run what the compose file says, with buildah, as root
	$(Q)tests/tools/install-packages images
	$(Q)tests/tools/test-images $(IMAGES_FOLDER)

.PHONY: test-images bench-programs
bench-programs: $(benches) $(tools)

lint: deps-lint  ## format, includes that point up, cppcheck
	$(Q)tests/tools/lint
format:  ## rewrite the sources in the house's format
	$(Q)clang-format -i $(all.src) $(wildcard proto/*.h agent/*.h agent/*/*.h coordinator/*.h coordinator/*/*.h tests/*/*.h)

schema: $(O)/tests/campaign_schema  ## write configs/campaign.schema.json by the tables of the campaign's keys
	$(Q)$< > configs/campaign.schema.json

# From the tables of options and of the schemas, and the guides' examples; the agent's and the coordinator's tables are in main.c.
man: $(O)/man/.made  ## write the manual pages into build/man
guides := README.md docs/compare.md $(filter-out docs/campaign.md docs/compare.md docs/python-gil.md,$(wildcard docs/*.md))
$(O)/man/.made: $(O)/man-pages docs/campaign.md configs/service/settings.yaml $(guides)
	$(call say,MAN)rm -rf $(O)/man/man1 $(O)/man/man5 && mkdir -p $(@D) && $< $(@D) $(filter-out $<,$^) && touch $@
$(O)/obj/docs/man/of_coordinator.o: $(O)/obj/coordinator/main.o
	@mkdir -p $(@D)
	$(Q)objcopy --localize-symbol=main $< $@
# Both sides have functions of the same names: of the agent's only the tables are seen.
$(O)/obj/docs/man/of_agent.o: $(O)/obj/agent/main.o $(O)/libagent.a
	@mkdir -p $(@D)
	$(Q)ld -r -o $@ $^ && objcopy -G agent_commands -G agent_common_table -G agent_own_table $@
$(O)/man-pages: $(call obj,$(man.src)) $(O)/obj/docs/man/of_coordinator.o $(O)/obj/docs/man/of_agent.o $(O)/libcoordinator.a $(O)/libproto.a
	$(call say,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call libs,$(sort $(PKGS.coordinator) $(PKGS.agent))) -lpfm -lm -lpthread

# Where shells look for completions; a file is for both programs.
completions := bash-completion/completions/joulerig zsh/site-functions/_joulerig fish/vendor_completions.d/joulerig.fish

install: all man  ## install under DESTDIR and PREFIX (default /usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/joulerig $(DESTDIR)$(PREFIX)/share/joulerig/configs \
		$(DESTDIR)$(PREFIX)/share/doc/joulerig
	install -m 755 $(O)/joulerig $(O)/joulerig-agent $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(O)/joulerig-exec $(O)/libjoulerig-pin.so $(DESTDIR)$(PREFIX)/libexec/joulerig
	cp -R configs/. $(DESTDIR)$(PREFIX)/share/joulerig/configs
	install -m 644 README.md CHANGELOG.md LICENSE proto/PROTOCOL.md build/web/licenses.txt $(DESTDIR)$(PREFIX)/share/doc/joulerig
	install -d $(addprefix $(DESTDIR)$(PREFIX)/share/,$(dir $(completions)))
	$(O)/joulerig completion bash >$(DESTDIR)$(PREFIX)/share/$(word 1,$(completions))
	$(O)/joulerig completion zsh >$(DESTDIR)$(PREFIX)/share/$(word 2,$(completions))
	$(O)/joulerig completion fish >$(DESTDIR)$(PREFIX)/share/$(word 3,$(completions))
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 $(O)/man/man1/* $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(O)/man/man5/* $(DESTDIR)$(PREFIX)/share/man/man5
	ln -sf joulerig $(DESTDIR)$(PREFIX)/share/$(word 1,$(completions))-agent
	ln -sf joulerig.fish $(DESTDIR)$(PREFIX)/share/$(dir $(word 3,$(completions)))joulerig-agent.fish

# Where systemd and udev look; SYSCONFDIR has what the administrator changes and is never written over.
SYSCONFDIR ?= /etc
UNITDIR    ?= $(PREFIX)/lib/systemd/system
UDEVDIR    ?= $(PREFIX)/lib/udev/rules.d
service    := configs/service

.PHONY: install-service deb deps-deb test-packages
install-service: install  ## the same, with services for systemd (docs/service.md)
	install -d $(addprefix $(DESTDIR),$(UNITDIR) $(UDEVDIR) $(PREFIX)/lib/sysusers.d $(PREFIX)/lib/tmpfiles.d $(SYSCONFDIR)/joulerig)
	$(Q)for p in joulerig joulerig-agent; do \
		sed 's,/usr/bin/,$(PREFIX)/bin/,; s,/etc/,$(SYSCONFDIR)/,' $(service)/$$p.service >$(DESTDIR)$(UNITDIR)/$$p.service && \
		install -m 644 $(service)/$$p.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/$$p.conf && \
		install -m 644 $(service)/$$p.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/$$p.conf || exit 1; done
	install -m 644 $(service)/joulerig.rules $(DESTDIR)$(UDEVDIR)/70-joulerig.rules
	$(Q)cd $(DESTDIR)$(SYSCONFDIR)/joulerig && { test -e agent.env || install -m 640 $(CURDIR)/$(service)/agent.env .; } && \
		{ test -e settings.yaml || sed 's/^# \(db\|keys\):/\1:/' $(CURDIR)/$(service)/settings.yaml >settings.yaml; }

# debhelper works beside what it packages, so that the tree stays clean; dpkg-buildpackage in the tree gives the same packages.
deb: all  ## build the Debian packages joulerig and joulerig-agent in build/deb (needs debhelper: make deps-deb)
	$(Q)rm -rf build/deb && mkdir -p build/deb/work && cp -R debian build/deb/work
	$(Q)cd build/deb/work && JOULERIG_TREE=$(CURDIR) CC='$(CC)' DEB_RULES_REQUIRES_ROOT=no DEB_BUILD_OPTIONS=noautodbgsym \
		env -u MAKEFLAGS -u MAKELEVEL debian/rules binary >../build.log 2>&1 || { cat ../build.log >&2; exit 1; }
	$(Q)mv build/deb/work/*.deb build/deb && rm -rf build/deb/work && ls build/deb/*.deb
deps-deb:
	$(Q)tests/tools/install-packages build $(npm) deb
test-packages: deps-deb  ## install the packages in a clean root, run a nightly campaign there, purge them (needs root; some minutes)
	$(Q)$(MAKE) --no-print-directory -j$(JOBS) deb
	tests/tools/package-root build/deb

clean:  ## remove what was built
	rm -rf build

# ---- how things are made ----
$(O)/.flags: FORCE
	@mkdir -p $(@D); echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)' | cmp -s - $@ || echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)' > $@

$(O)/obj/%.o: %.c $(O)/.flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(ALL_CFLAGS) $(CFLAGS.file) -MMD -MP -c -o $@ $<

# The table of docs/flags.md as C: name and what happened, of links their words.
$(O)/gen/coordinator/commands/flag_words.inc: docs/flags.md Makefile
	@mkdir -p $(@D)
	$(call say,GEN)sed -n 's/["\\]/\\&/g; s/\[\([^]]*\)\]([^)]*)/\1/g; s/^| `\([a-z_]*\)` | \([^|]*\) | .*/\t{"\1", "\2"},/p' $< > $@
$(O)/obj/coordinator/commands/flag_words.o: $(O)/gen/coordinator/commands/flag_words.inc
$(O)/obj/coordinator/commands/flag_words.o: CFLAGS.file = -I$(O)/gen

# What `joulerig deploy` runs on a host, and puts there, is taken in by the assembler.
$(O)/obj/coordinator/commands/deploy_host.o: coordinator/commands/deploy.sh $(service)/agent.env $(service)/joulerig.rules \
	$(addprefix $(service)/joulerig-agent.,service sysusers tmpfiles)

# What draws the charts of a report: bundles of the npm packages in the lock file, their licences, and the page's own script
# and style, all of which the assembler puts into bundles.o. All variants share them.
web     := coordinator/report/web
bundles := vega.min.js vega-lite.min.js licenses.txt
build/web/.installed: $(web)/package.json $(web)/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing, which fetches Vega-Lite for the charts of reports;" \
		"'make deps' installs it" >&2; exit 1; }
	@mkdir -p build/web && cp $^ build/web
	$(call say,NPM)cd build/web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >npm.log 2>&1 || { cat npm.log >&2; \
		echo "npm could not fetch the packages of $(web)/package-lock.json: is its registry reachable from here?" >&2; exit 1; }
	@touch $@
build/web/vega.min.js: build/web/.installed
	@cp build/web/node_modules/vega/build/$(@F) $@
build/web/vega-lite.min.js: build/web/.installed
	@cp build/web/node_modules/vega-lite/build/$(@F) $@
build/web/licenses.txt: build/web/.installed $(web)/licenses
	@$(web)/licenses build/web/node_modules > $@
$(O)/obj/coordinator/report/bundles.o: $(addprefix build/web/,$(bundles)) $(web)/page.js $(web)/page.css

$(O)/obj/tests/tools/meter.o: CFLAGS.file = $(shell pkg-config --cflags fuse3)

$(O)/libproto.a: $(call obj,$(proto.src))
$(O)/libagent.a: $(call obj,$(agent.src))
$(O)/libcoordinator.a: $(call obj,$(coordinator.src))
$(O)/lib%.a:
	$(call say,AR)rm -f $@ && ar rcs $@ $^

$(O)/joulerig: $(call obj,coordinator/main.c) $(O)/libcoordinator.a $(O)/libproto.a
	$(call say,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call libs,$(PKGS.coordinator)) -lm -lpthread
$(O)/joulerig-agent: $(call obj,agent/main.c) $(O)/libagent.a $(O)/libproto.a
	$(call say,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call libs,$(PKGS.agent)) -lpfm -lm -lpthread
# Static and without sanitizers: it must be small (its memory is the floor of a run's peak) and quick to start.
$(O)/joulerig-exec: agent/exec.c agent/exec_child.c $(wildcard agent/exec*.h) $(O)/.flags
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -std=gnu17 -D_GNU_SOURCE -I. $(WARN) -O2 -g -static -o $@ $(filter %.c,$^)

# The programs as they are, but saying HELLO and WELCOME as of another minor version of the protocol: what is refused, and what is
# asked for, depends on that alone. `make check` has them for tests of releases that are apart.
minor.coordinator := coordinator/client.c coordinator/dispatch/agents.c coordinator/dispatch/trouble.c coordinator/dispatch/users.c
minor.agent       := agent/conversation_hello.c
define minor
$(O)/obj/minor-$(1)/%.o: %.c $(O)/.flags
	@mkdir -p $$(@D)
	$$(call say,CC)$$(CC) $$(ALL_CFLAGS) -DPROTOCOL_MINOR=$(1) -MMD -MP -c -o $$@ $$<
$(O)/minor-$(1)/joulerig: $(patsubst %.c,$(O)/obj/minor-$(1)/%.o,$(minor.coordinator)) $(call obj,coordinator/main.c) $(O)/libcoordinator.a $(O)/libproto.a
	@mkdir -p $$(@D)
	$$(call say,LD)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(call libs,$$(PKGS.coordinator)) -lm -lpthread
$(O)/minor-$(1)/joulerig-agent: $(patsubst %.c,$(O)/obj/minor-$(1)/%.o,$(minor.agent)) $(call obj,agent/main.c) $(O)/libagent.a $(O)/libproto.a
	@mkdir -p $$(@D)
	$$(call say,LD)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(call libs,$$(PKGS.agent)) -lpfm -lm -lpthread
-include $(patsubst %.c,$(O)/obj/minor-$(1)/%.d,$(minor.coordinator) $(minor.agent))
endef
$(foreach n,2 3,$(eval $(call minor,$(n))))

# Loaded into the runs: libc alone, no sanitizers; its constructor comes before those of the program's libraries.
$(O)/libjoulerig-pin.so: agent/pin_preload.c $(O)/.flags
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -std=gnu17 -D_GNU_SOURCE -I. $(WARN) -O2 -g -shared -fPIC -fvisibility=hidden \
		-Wl,-z,relro,-z,now,-z,initfirst -o $@ $<

$(O)/tests/test_%: $(O)/obj/tests/unit/test_%.o $(O)/libcoordinator.a $(O)/libagent.a $(O)/libproto.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call libs,$(sort $(PKGS.coordinator) $(PKGS.agent)) $(PKGS.tests)) -lpfm -lm -lpthread
# These calls into the kernel are the test's own.
$(O)/tests/test_energy_perf: private ALL_LDFLAGS += -Wl,--wrap=perf_event_open_on,--wrap=perf_event_read,--wrap=machine_has_these_cpus
$(O)/tests/placements: $(O)/obj/tests/tools/placements.o $(O)/libagent.a $(O)/libproto.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call libs,$(PKGS.agent)) -lpfm -lm -lpthread
$(O)/tests/campaign_schema $(O)/tests/statistics $(O)/tests/next_times: $(O)/tests/%: $(O)/obj/tests/tools/%.o $(O)/libcoordinator.a $(O)/libproto.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call libs,$(PKGS.coordinator)) -lm -lpthread
# Coverage needs no p: it can be left out there.
$(O)/tests/simulation: $(call obj,$(simulation.src)) $(O)/libcoordinator.a $(O)/libproto.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(ALL_LDFLAGS) -Wl,--wrap=permutation_of_signs,--wrap=permutation_of_labels -o $@ $^ \
		$(call libs,$(PKGS.coordinator)) -lm -lpthread
# Clocks and the agents' disks are the test's own; a spool's segments are small, so that there are many.
schedules.def  := -DSPOOL_SEGMENT=16384
schedules.wrap := clock_monotonic_ns clock_raw_ns clock_realtime_ns open openat close write pwrite fsync fdatasync unlinkat rename log_error
schedules.libs := $(O)/libspool.a $(O)/libcoordinator.a $(O)/libagent.a $(O)/libproto.a
schedules.link  = $(CC) $(ALL_LDFLAGS) $(patsubst %,-Wl$(comma)--wrap=%,$(schedules.wrap)) -o $@ $(filter %.o %.a,$^) \
	$(call libs,$(sort $(PKGS.coordinator) $(PKGS.agent))) -lm -lpthread
comma := ,
$(O)/obj/tests/schedules/small/spool.o: agent/spool.c $(O)/.flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(ALL_CFLAGS) $(schedules.def) -MMD -MP -c -o $@ $<
$(O)/libspool.a: $(O)/obj/tests/schedules/small/spool.o
$(O)/tests/schedules: $(call obj,$(schedules.src)) $(schedules.libs)
	@mkdir -p $(@D)
	$(call say,LD)$(schedules.link)
# The same with one rule broken, as a patch says: a copy of its file takes the place of that in the library.
$(O)/mutations/%.c: tests/schedules/mutations/%.patch $(schedules.libs)
	@mkdir -p $(@D)
	$(Q)tests/tools/mutate $< $@
$(O)/obj/mutations/%.o: $(O)/mutations/%.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(ALL_CFLAGS) $(schedules.def) -c -o $@ $<
$(mutants): $(O)/mutations/%: $(O)/obj/mutations/%.o $(call obj,$(schedules.src)) $(schedules.libs)
	$(call say,LD)$(schedules.link)
$(O)/tests/%: $(O)/obj/tests/tools/%.o $(O)/libproto.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call libs,$(PKGS.proto) $(PKGS.meter)) -lm -lpthread
# Replays files instead of fuzzing; the tests give it the golden vectors.
$(O)/obj/tests/fuzz/%.o: CFLAGS.file = -DFUZZ_REPLAY
$(O)/fuzz/%: $(O)/obj/tests/fuzz/%.o $(O)/libcoordinator.a $(O)/libproto.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call libs,$(PKGS.coordinator)) -lm -lpthread
$(O)/bench/%: $(O)/obj/tests/bench/%.o $(O)/libcoordinator.a $(O)/libagent.a $(O)/libproto.a
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(call libs,$(sort $(PKGS.coordinator) $(PKGS.agent))) -lpfm -lm -lpthread

-include $(patsubst %.c,$(O)/obj/%.d,$(all.src))
