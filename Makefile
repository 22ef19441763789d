# A thin front: CMake builds, ctest tests. `make help` lists what there is.
JOBS    ?= $(shell nproc)
# Most tests wait for a time or an answer: twice as many as cores run at once.
TEST_JOBS ?= $(shell expr 2 "*" $(JOBS))
FILES   ?=
SOAK_SECONDS ?= 3600
FUZZ_SECONDS ?= 600
DIR     ?=
PREFIX  ?= /usr/local

.PHONY: help build demo test long-test kheops-compare compose-test swarm-test console-test console-million console-pictures login-test bench soak fuzz corpus packages install package package-test clean configure

help:
	@echo 'make build               the programs, in build/bin'
	@echo 'make demo                a simulated KHEOPS, all processes, generated studies: see them travel'
	@echo 'make demo FILES=folder   the same with your own DICOM files'
	@echo 'make demo KEEP=1         stays at its end, with the web console, until Ctrl-C'
	@echo 'make demo TLS=1          the generated ones over TLS, with certificates made for it'
	@echo 'make test                builds and runs all tests but the long ones'
	@echo 'make long-test           minutes of chaos and of storm, and the model of the work protocol'
	@echo 'make kheops-compare URL=https://… TOKENS=file   what a real KHEOPS answers other than the table says'
	@echo 'make compose-test        docker-compose.yml on a real Docker engine of its own (as root)'
	@echo 'make swarm-test          cells on a swarm of three hosts behind a front door: crashed, cut off, updated (as root)'
	@echo 'make console-test        the web console in Chromium (Playwright, axe-core from the npm registry)'
	@echo 'make console-million     the same over 1,000,000 finished deliveries, which takes minutes and 2 GB'
	@echo 'make console-pictures    the same, and pictures of its pages in build/console-pictures'
	@echo 'make login-test          logins at a real provider (oidc-provider from the npm registry)'
	@echo 'make pynetdicom-test     storage commitment and TLS with pynetdicom (from the Python package index)'
	@echo 'make bench               measures rates, processor time and memory'
	@echo "make soak                chaos for SOAK_SECONDS (3600): processes die, KHEOPS fails, nothing is lost"
	@echo 'make fuzz                every fuzz target for FUZZ_SECONDS (600), from where the last run ended'
	@echo 'make corpus DIR=folder    your own DICOM files through all processes, compared byte for byte'
	@echo 'make install             programs, units, manual pages below PREFIX (/usr/local); DESTDIR in front'
	@echo 'make package             a Debian package and its bill of materials (SPDX), in build/package'
	@echo 'make package-test        installs that in a fresh Debian and removes it again (as root)'
	@echo 'make packages            installs the Debian packages that packages.txt names'
	@echo 'make clean               removes build folders'

configure:
	@cmake --preset release $(CMAKE_FLAGS) >/dev/null

build:
	@scripts/install-packages.sh --check build test || { echo 'make packages installs them'; exit 1; }
	@$(MAKE) --no-print-directory configure
	@cmake --build --preset release -j $(JOBS) --target programs

demo:
	@scripts/install-packages.sh build run test
	@$(MAKE) --no-print-directory configure
	@cmake --build --preset release -j $(JOBS) --target programs kheops-sim make-dicom
	@FELUCCA_DEMO_TLS=$(TLS) FELUCCA_DEMO_KEEP=$(KEEP) scripts/demo.sh build $(if $(FILES),"$(FILES)")

test:
	@scripts/install-packages.sh build run test
	@$(MAKE) --no-print-directory configure
	@cmake --build --preset release -j $(JOBS)
	@ctest --preset release -LE long -j $(TEST_JOBS)

long-test:
	@scripts/install-packages.sh build run test
	@$(MAKE) --no-print-directory configure
	@cmake --build --preset release -j $(JOBS)
	@ctest --preset release -L long -j $(TEST_JOBS)

# docs/kheops.md tells which tokens. WHEN="database away" and RUN=number ask the questions of that state.
WHEN ?=
RUN  ?=
kheops-compare:
	@[ -n "$(URL)" ] && [ -n "$(TOKENS)" ] || { echo 'make kheops-compare URL=https://… TOKENS=file'; exit 2; }
	@scripts/install-packages.sh build test
	@$(MAKE) --no-print-directory configure
	@cmake --build --preset release -j $(JOBS) --target kheops-sim
	@build/tests/kheops-sim --compare "$(URL)" --tokens "$(TOKENS)" --when "$(WHEN)" $(if $(RUN),--run $(RUN))

# Status 77 says that no engine can run here.
compose-test:
	@scripts/install-packages.sh test compose
	@tests/compose/run.sh || { status=$$?; [ $$status = 77 ] || exit $$status; }

# IMAGES=file keeps the images, and takes them from there the next time. Status 77 says that no engine can run here, or no network
# between engines.
swarm-test:
	@scripts/install-packages.sh test compose
	@tests/swarm/run.sh $(if $(IMAGES),"$(IMAGES)") || { status=$$?; [ $$status = 77 ] || exit $$status; }

# Status 77 says that there is no Chromium, or no npm registry. It installs nothing: `make packages` has no browser.
console-pictures: PICTURES = build/console-pictures
console-pictures: console-test

console-test:
	@scripts/install-packages.sh --check build test || { echo 'make packages installs them'; exit 1; }
	@$(MAKE) --no-print-directory configure
	@cmake --build --preset release -j $(JOBS) --target programs kheops-sim make-dicom
	@tests/console/run.sh build $(PICTURES) || \
		{ status=$$?; [ $$status = 77 ] || exit $$status; }

console-million:
	@scripts/install-packages.sh --check build test || { echo 'make packages installs them'; exit 1; }
	@$(MAKE) --no-print-directory configure
	@cmake --build --preset release -j $(JOBS) --target programs make-past
	@FELUCCA_SCENE_FILE=million.test.js tests/console/run.sh build $(PICTURES) || \
		{ status=$$?; [ $$status = 77 ] || exit $$status; }

# Status 77 says that there is no node, or no npm registry.
login-test:
	@scripts/install-packages.sh --check build test || { echo 'make packages installs them'; exit 1; }
	@$(MAKE) --no-print-directory configure
	@cmake --build --preset release -j $(JOBS) --target programs kheops-sim make-dicom
	@tests/login/run.sh build || { status=$$?; [ $$status = 77 ] || exit $$status; }

.PHONY: pynetdicom-test
pynetdicom-test:
	@scripts/install-packages.sh --check build test || { echo 'make packages installs them'; exit 1; }
	@$(MAKE) --no-print-directory configure
	@cmake --build --preset release -j $(JOBS) --target programs kheops-sim make-dicom test_commitment_pynetdicom \
		test_tls_pynetdicom
	@tests/pynetdicom/run.sh build || { status=$$?; [ $$status = 77 ] || exit $$status; }

bench:
	@scripts/install-packages.sh build run test
	@$(MAKE) --no-print-directory configure
	@cmake --build --preset release -j $(JOBS)
	@tests/bench/run.sh build

soak:
	@scripts/install-packages.sh build run test
	@$(MAKE) --no-print-directory configure
	@cmake --build --preset release -j $(JOBS) --target test_chaos
	@FELUCCA_SOAK_SECONDS=$(SOAK_SECONDS) build/tests/test_chaos

fuzz:
	@scripts/install-packages.sh build run test
	@$(MAKE) --no-print-directory configure
	@tests/fuzz/run.sh $(FUZZ_SECONDS) build
	@tests/fuzz/run.sh --table build

corpus:
	@scripts/install-packages.sh build run test
	@$(MAKE) --no-print-directory configure
	@cmake --build --preset release -j $(JOBS) --target programs
	@/usr/bin/python3 tests/corpus/corpus.py build/bin/felucca $(if $(DIR),"$(DIR)")

install:
	@scripts/install-packages.sh --check build || { echo 'make packages installs them'; exit 1; }
	@$(MAKE) --no-print-directory configure CMAKE_FLAGS='$(CMAKE_FLAGS) -DCMAKE_INSTALL_PREFIX=$(PREFIX)'
	@cmake --build --preset release -j $(JOBS) --target programs documents
	@DESTDIR='$(DESTDIR)' cmake --install build

package:
	@scripts/install-packages.sh --check build || { echo 'make packages installs them'; exit 1; }
	@$(MAKE) --no-print-directory configure CMAKE_FLAGS='$(CMAKE_FLAGS) -DCMAKE_INSTALL_PREFIX=/usr'
	@cmake --build --preset release -j $(JOBS) --target programs documents
	@cd build && cpack -G DEB >package.log 2>&1 || { cat package.log; exit 1; }
	@version=$$(sed -n 's/^project(felucca VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt); \
		scripts/sbom.sh "$$version" >"build/package/felucca_$$version.spdx.json"
	@ls build/package/*.deb build/package/*.spdx.json

# Status 77 says that no other Debian can be made here.
package-test: package
	@scripts/install-packages.sh test package
	@cmake --build --preset release -j $(JOBS) --target kheops-sim make-dicom
	@tests/package/run.sh build || { status=$$?; [ $$status = 77 ] || exit $$status; }

packages:
	@scripts/install-packages.sh build run test

clean:
	@rm -rf build build-debug build-tsan
