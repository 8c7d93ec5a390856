# Everything that a developer or a machine does with this repository. `make help` lists it.

FIRMWARE ?= bios
CAPSULE ?= debian
HANDOFF ?= auto
LOADER ?= ipxe
ROUNDS ?= 3
TARGET ?= all
SECONDS ?= 60
PROVIDER ?= diskless
RUNS ?= 0
PREFIX ?= /usr

# To build; to serve (loaders; shim and GRUB are unpacked where they are wanted, never installed); to make stage 1 and
# capsules; to run machines, and a server to measure against.
PACKAGES := libsqlite3-dev libpcap-dev pkg-config binutils \
	ipxe pxelinux syslinux-common openssl \
	mmdebstrap squashfs-tools kmod cpio zstd busybox-static \
	qemu-system-x86 seabios ipxe-qemu ovmf iproute2 util-linux dnsmasq-base curl

# What tests play against: an ssh server to copy a machine from, images of other tools, another reader of captures.
TEST_PACKAGES := erofs-utils skopeo umoci openssh-server openssh-client rsync tshark attr xz-utils lz4 qemu-system-arm qemu-efi-aarch64 \
	openipmi ipmitool python3-venv dnf rpm createrepo-c gnupg

# To measure DHCP against, and with.
DHCP_PEERS := kea-dhcp4-server kea-admin dnsmasq-base
# To measure TFTP against. Two of the servers exclude each other as packages: they are unpacked, what they need is
# installed.
TFTP_PEERS := tftpd-hpa atftpd
TFTP_PEERS_NEED := dnsmasq-base libwrap0 libpcre2-8-0
# To measure HTTP against.
HTTP_PEERS := nginx-light
# To measure capsules against.
CAPSULE_PEERS := casync

# Namespaces and taps need root; the build does not.
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo)
PERSEID := .build/release/perseid
STORM := .build/release/perseid-storm
AGENT := .build-agent/perseid-agent
SOURCES := Sources Tests Package.swift

.DEFAULT_GOAL := help
.PHONY: help deps build agent boot emulators test test-boot test-all bench-boot bench-install bench-dhcp bench-tftp bench-http bench-capsule bench-registry man install fuzz docs lint format clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "variables: FIRMWARE=bios|bios-pxe|uefi|uefi-http|uefi-https|uefi-secureboot|uefi-arm64  LOADER=ipxe|pxelinux|grub|shim  CAPSULE=debian|small  HANDOFF=auto|switch|kexec  PROVIDER=diskless|disk  ROUNDS=$(ROUNDS)"
	@echo "fuzz: TARGET=all|dhcp-side|dhcp|tftp|... (Tests/Fuzz/run lists them)  SECONDS=$(SECONDS) for each, or RUNS=10000000 inputs"

deps: ## install the Debian packages that are missing (sudo, if not root)
	@.ci/install-packages $(PACKAGES)

build: deps agent ## perseid (.build/release/perseid) and the static agent, optimised
	swift build -c release --product perseid

# Its own scratch path: a static standard library makes other objects out of the same sources.
agent: deps
	swift build -c release --product perseid-agent --static-swift-stdlib -Xswiftc -static-executable \
		--scratch-path .build-agent
	strip -o $(AGENT) .build-agent/release/perseid-agent

boot: build ## switch a virtual machine on and follow it to ready: FIRMWARE, LOADER, CAPSULE, HANDOFF, PROVIDER
	@$(AS_ROOT) $(PERSEID) lab boot --state .work --firmware $(FIRMWARE) --loader $(LOADER) --capsule $(CAPSULE) \
		--handoff $(HANDOFF) --provider $(PROVIDER)

test: deps agent emulators ## all tests, boots of virtual machines among them
	swift build --build-tests
	.ci/test --parallel --skip '^BootTests\.'
	@$(MAKE) --no-print-directory test-boot

# BMCs that others made: OpenIPMI's is a Debian package, the one that speaks Redfish a Python package.
emulators:
	@.ci/install-packages $(TEST_PACKAGES)
	@test -x .work/emulators/bin/sushy-emulator || { python3 -m venv .work/emulators && \
		.work/emulators/bin/pip install -q --disable-pip-version-check sushy-tools==2.2.0; }

test-boot:
	$(AS_ROOT) env PATH="$$PATH" PERSEID_TEST_ALL="$$PERSEID_TEST_ALL" .ci/test --no-parallel --filter '^BootTests\.'

# Boot tests that have a long form take it.
test-all: export PERSEID_TEST_ALL := yes
test-all: test build ## all tests, the Debian capsule by each firmware and each handoff, capsules of 5 GB and of 300,000 files
	@set -e; for firmware in bios bios-pxe uefi uefi-http uefi-https; do \
		$(AS_ROOT) $(PERSEID) lab boot --state .work --firmware $$firmware --capsule debian --handoff auto; \
	done; \
	for handoff in switch kexec; do \
		$(AS_ROOT) $(PERSEID) lab boot --state .work --firmware bios --capsule debian --handoff $$handoff; \
	done
	swift build -c release --product perseid-storm
	$(AS_ROOT) $(STORM) trial large --perseid $(PERSEID) --agent $(AGENT) --state .work

bench-boot: build ## power-on to stage 1's /init, Perseid and dnsmasq side by side: ROUNDS
	@$(AS_ROOT) $(PERSEID) lab bench --state .work --rounds $(ROUNDS)

bench-install: build ## disk install of the Debian capsule beside dd and unsquashfs on the same virtual disk: FIRMWARE, ROUNDS
	@$(AS_ROOT) $(PERSEID) lab bench-install --state .work --firmware $(FIRMWARE) --rounds $(ROUNDS)

bench-dhcp: build ## DHCP: Kea, dnsmasq and Perseid by perfdhcp in turn, then Perseid alone under perseid-storm: ROUNDS
	@.ci/install-packages $(DHCP_PEERS)
	swift build -c release --product perseid-storm
	@test -e .work/stage1/stage1.json || $(PERSEID) stage1 build --no-installer --state .work
	@$(AS_ROOT) $(STORM) bench dhcp --perseid $(PERSEID) --state .work --rounds $(ROUNDS)

bench-tftp: build ## TFTP: tftpd-hpa, atftpd, dnsmasq and Perseid in turn; many clients; loss and reordering
	@.ci/install-packages $(TFTP_PEERS_NEED)
	@mkdir -p .work/peers && cd .work/peers && for package in $(TFTP_PEERS); do \
		test -d $$package || { apt-get -q download $$package && dpkg-deb -x $${package}_*.deb $$package; } || exit 1; \
	done
	swift build -c release --product perseid-storm
	@test -e .work/stage1/stage1.json || $(PERSEID) stage1 build --no-installer --state .work
	@$(AS_ROOT) $(STORM) bench tftp --perseid $(PERSEID) --state .work

bench-http: build ## HTTP: bundles from nginx and Perseid in turn to 1 to 1,000 connections, memory, 2,000 clients at once: ROUNDS
	@.ci/install-packages $(HTTP_PEERS)
	swift build -c release --product perseid-storm
	@test -e .work/stage1/stage1.json || $(PERSEID) stage1 build --no-installer --state .work
	@$(AS_ROOT) $(STORM) bench http --perseid $(PERSEID) --state .work --rounds $(ROUNDS)

# The first run makes two roots of 1.8 GB and three capsules of them, which takes a quarter of an hour; all is kept.
bench-capsule: build ## capsules: casync and Perseid in turn, what an update costs a node, its speed and memory: ROUNDS
	@.ci/install-packages $(CAPSULE_PEERS)
	swift build -c release --product perseid-storm
	@$(AS_ROOT) $(STORM) bench capsule --perseid $(PERSEID) --agent $(AGENT) --state .work --rounds $(ROUNDS)

bench-registry: build ## the registry: check-ins, heartbeats, 100,000 nodes, 10,000,000 events
	swift build -c release --product perseid-storm
	@$(STORM) bench registry --perseid $(PERSEID) --state .work

# Out of the commands' own definitions, by swift-argument-parser's tool, which is built apart: by its plugin SwiftPM
# builds every target of this package first. Paragraphs and examples of the help are mdoc's (mdoc(7), Pp and Bd).
MANUAL := .build-manual/debug/generate-manual
man: build ## man pages of all commands (.build/man)
	swift build --package-path .build/checkouts/swift-argument-parser --scratch-path .build-manual --product generate-manual
	@rm -rf .build/man && mkdir -p .build/man && $(MANUAL) $(PERSEID) --multi-page --output-directory .build/man
	@for page in .build/man/*.1; do \
		awk '/^$$/ { gap = 1; next } \
			/^ / && !literal { print ".Bd -literal"; literal = 1; gap = 0 } \
			/^[^ ]/ && literal { print ".Ed"; literal = 0 } \
			gap && literal { print "" } gap && !literal && !/^\./ { print ".Pp" } \
			{ gap = 0; print } END { if (literal) print ".Ed" }' $$page > $$page.new && mv $$page.new $$page || exit 1; \
	done

install: build man ## programs, templates, man pages, completion of bash, zsh and fish: DESTDIR, PREFIX=/usr
	install -D -t $(DESTDIR)$(PREFIX)/bin $(PERSEID)
	install -D -t $(DESTDIR)$(PREFIX)/lib/perseid $(AGENT)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/perseid/tftpboot tftpboot/*
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 .build/man/*.1
	@mkdir -p $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(PERSEID) --generate-completion-script bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/perseid
	$(PERSEID) --generate-completion-script zsh > $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_perseid
	$(PERSEID) --generate-completion-script fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/perseid.fish

# A package of its own (Tests/Fuzz) with its own scratch path: nothing else builds or waits for it.
fuzz: deps ## feed the parsers bytes that nobody thought of: TARGET, SECONDS, RUNS
	@Tests/Fuzz/run $(TARGET) $(SECONDS) $(RUNS)

docs: ## write the pages that are made from tables in the code
	env PERSEID_WRITE_DOCS=1 swift test --disable-xctest --filter 'PageTests'

lint: ## is the source formatted as .swift-format says?
	swift format lint --strict --recursive --parallel $(SOURCES)

format: ## format the source
	swift format --in-place --recursive --parallel $(SOURCES)

clean: ## remove what building and running made
	$(AS_ROOT) rm -rf .build .build-agent .build-fuzz .work
