# What the developers and the build server call. "make help" lists it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# The go command uses all processors by itself, and the output of "test" has to end with that of the tests.
.NOTPARALLEL:

FUZZTIME ?= 10s
# What "mutants" changes, how many places of each package (0: all of them) drawn with which seed (0: a new one), and the
# packages whose tests get to see what those of the package itself do not notice.
MUTANTS_PACKAGES ?= signing djangosession djangosession/auth djangosession/csrf tables py py/pyjson py/pickle
MUTANTS_ALSO ?= djangosession/memory
MUTANTS_SAMPLE ?= 100
MUTANTS_SEED ?= 0
# Others: "-match REGEXP" takes the mutants whose line in the report matches, -list only prints them, -v prints all verdicts.
MUTANTS_FLAGS ?=
# What "cross" builds and vets for.
CROSS_PLATFORMS ?= linux/amd64 linux/386 linux/arm64 darwin/arm64 windows/amd64
# The Django releases that compat_test runs against, and those whose own tests it runs. Its
# tests read the same variables. The default is the list in internal/release/versions.txt.
export DJANGO_RELEASES := $(or $(DJANGO_RELEASES),$(shell compat_test/env/releases compat))
export DJANGO_SUITE_RELEASES := $(or $(DJANGO_SUITE_RELEASES),$(shell compat_test/env/releases suites))
ifeq ($(and $(DJANGO_RELEASES),$(DJANGO_SUITE_RELEASES)),)
$(error compat_test/env/releases lists no Django releases)
endif
# Where what the tests install is kept; from here on, unless it begins with a slash.
export DJANGOBRIDGE_CACHE ?= .cache
# What Django's own tests came to, a line each: "go test" does not show what passing tests print.
export DJANGO_SUITE_REPORT ?= $(abspath $(DJANGOBRIDGE_CACHE))/django-suites.txt

# Built from source at the versions in tools/go.mod, and cached by the go command.
TOOL := go tool -modfile=$(CURDIR)/tools/go.mod
# The modules with dependencies of their own: recipes for web frameworks, and OpenTelemetry.
MODULES := $(patsubst %/go.mod,%,$(wildcard examples/*/go.mod oteldjango/go.mod oteldjango/*/go.mod))
# Folders with a dot are no packages: .cache holds what other programs unpacked there.
GO_FILES = find . -name '.?*' -prune -o -name '*.go' -print0

##@ Every day
.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^##@ / { print "\n" substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "Variables: FUZZTIME=$(FUZZTIME) (per fuzz target), DJANGO_RELEASES=\"$(DJANGO_RELEASES)\" (for compat)"

.PHONY: quick
quick: ## unit tests, vectors, fuzz seeds and examples: under a minute
	go test ./...

.PHONY: example
example: needs ## a site that Django and Go serve together; Ctrl-C ends it
	@mkdir -p .cache; go build -o .cache/sidebyside-program ./examples/sidebyside; \
	exec .cache/sidebyside-program -dir .cache/sidebyside

.PHONY: test
test: needs lint vet api race compat ## everything that has to pass before a change goes in

.PHONY: fmt
fmt: ## format all Go code, and python/
	$(GO_FILES) | xargs -0 $(TOOL) gofumpt -w
	ruff=$$(compat_test/env/ruff | tail -n 1); cd python; "$$ruff" format --no-cache .

##@ The parts of test
.PHONY: lint
lint: ## golangci-lint and gofumpt on all modules, ruff on python/
	@unformatted=$$($(GO_FILES) | xargs -0 $(TOOL) gofumpt -l); \
	if [[ -n $$unformatted ]]; then echo "make: not formatted, run \"make fmt\":" $$unformatted >&2; exit 1; fi
	$(TOOL) golangci-lint run ./...
	cd compat_test && $(TOOL) golangci-lint run ./...
	for module in $(MODULES); do (cd "$$module" && $(TOOL) golangci-lint run ./...); done
	cd tools && $(TOOL) golangci-lint run ./...
	@ruff=$$(compat_test/env/ruff | tail -n 1); cd python; "$$ruff" check --no-cache --quiet .; \
	"$$ruff" format --no-cache --check --quiet . || { echo "make: python/ is not formatted, run \"make fmt\"" >&2; exit 1; }

.PHONY: vet
vet: ## go vet on all modules
	go vet ./...
	CGO_ENABLED=0 go vet ./...
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 go vet ./...
	cd compat_test && go vet ./...
	for module in $(MODULES); do (cd "$$module" && go vet ./...); done
	cd tools && go vet ./...

.PHONY: api
api: ## fail if the exported API changed incompatibly since the latest tag
	@tools/api

.PHONY: race
race: ## what quick runs, under the race detector, and without cgo where that is another program
	go test -race ./...
	packages=$$(tools/needscgo); CGO_ENABLED=0 go test $$packages
	for module in $(filter-out %/collectortest,$(MODULES)); do (cd "$$module" && go test -race ./...); done
	cd oteldjango/collectortest && go test ./... # not under the race detector: the collector takes minutes to compile
	cd tools && go test ./...

# The tests run without cgo, and as a 32-bit program too where the processor can run one. The go command caches what did
# not change; with an empty cache the other platforms take most of the time.
.PHONY: cross
cross: ## build and vet for CROSS_PLATFORMS without a C compiler, and test without one
	@export CGO_ENABLED=0; for platform in $(CROSS_PLATFORMS); do \
		echo "build and vet for $$platform"; \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} go build ./...; \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} go vet ./...; \
	done
	CGO_ENABLED=0 go test ./...
	@if [[ $$(go env GOHOSTOS)/$$(go env GOHOSTARCH) == linux/amd64 ]]; then \
		echo "GOARCH=386 CGO_ENABLED=0 go test ./..."; GOARCH=386 CGO_ENABLED=0 go test ./...; \
	else echo "make: no tests with GOARCH=386: only linux/amd64 runs them" >&2; fi

# Not from the cache of test results: the go command does not see when Django or Python changed. Many tests wait for
# sessions to expire, so more of them run at once than there are processors.
.PHONY: compat
compat: needs ## tests against live Django releases and database servers, and Django's own tests
	for release in $(DJANGO_RELEASES) $(DJANGO_SUITE_RELEASES); do compat_test/env/caches "$$release" >/dev/null; done
	compat_test/env/servers >/dev/null
	compat_test/env/browser >/dev/null
	compat_test/env/thirdparty >/dev/null
	rm -f "$(DJANGO_SUITE_REPORT)"
	cd compat_test && go test -race -count=1 -timeout 60m -parallel 6 ./...
	@cat "$(DJANGO_SUITE_REPORT)"

##@ Now and then
.PHONY: fuzz
fuzz: ## each native fuzz target for FUZZTIME
	@targets=$$(go test -list '^Fuzz' ./... | awk '/^Fuzz/ { names = names " " $$1 } \
		/^ok/ { n = split(names, name, " "); for (i = 1; i <= n; i++) print $$2 "," name[i]; names = "" }'); \
	[[ -n $$targets ]] || { echo "make: no fuzz target found" >&2; exit 1; }; \
	for target in $$targets; do \
		echo "fuzz $$target"; \
		go test -run '^$$' -fuzz "^$${target#*,}\$$" -fuzztime $(FUZZTIME) "$${target%,*}"; \
	done

.PHONY: chaos
chaos: needs ## races, killed writers and killed servers in large numbers: an hour
	compat_test/env/servers >/dev/null
	cd compat_test && CHAOS_RACES=10000 CHAOS_KILLS=300 CHAOS_SERVER_KILLS=20 \
		go test -count=1 -timeout 3h -v -run '^TestChaosOf|^Test(Redis|Memcached|FileCache|TableCache|CachedDB).*(Races|Merges)' .

.PHONY: compat-databases
compat-databases: needs ## tests on MySQL 9, MariaDB 11, PostgreSQL 17 and 18, and three drivers of SQLite
	for release in $(DJANGO_RELEASES); do compat_test/env/caches "$$release" >/dev/null; done
	compat_test/env/servers >/dev/null
	compat_test/env/compat-databases

# All of it on one core, the last that this process may use: the program, Django's processes and the servers. The pages
# on two, which the program chooses: one for the servers, one for the clients.
.PHONY: bench
bench: needs ## time this module beside Django and scs on the same work: ten minutes; BENCH_FLAGS=-help shows options
	@command -v taskset >/dev/null || { echo "make: taskset is missing: it is part of util-linux" >&2; exit 1; }
	cd compat_test && go run ./bench $(BENCH_FLAGS)

.PHONY: latency
latency: needs ## measure loads with up to 10,000,000 rows, and put them into docs/performance.md
	cd compat_test && go run ./bench -plot ../docs/load-latency.svg -write ../docs/performance.md $(BENCH_FLAGS) latency

.PHONY: mutants
mutants: ## change MUTANTS_PACKAGES in one place at a time, and see whether the tests notice
	go run -C tools ./mutate -module $(CURDIR) -equivalent mutate/equivalent.txt -sample $(MUTANTS_SAMPLE) \
		-seed $(MUTANTS_SEED) -also "$(MUTANTS_ALSO)" $(MUTANTS_FLAGS) $(MUTANTS_PACKAGES)

.PHONY: vectors
vectors: needs ## write fixtures anew with real Django releases
	fixtures/generate/run

.PHONY: pictures
pictures: needs ## take the screenshots of the documentation anew
	cd compat_test && SCREENSHOTS=$(CURDIR)/docs go test -count=1 -run 'TestSideBySide/all_pages|TestInspectManyRows/sqlite' .

# One file system: an environment may hold mounts of /proc or /dev.
.PHONY: clean
clean: ## remove .cache; the go command keeps its own cache
	rm -rf --one-file-system .cache

.PHONY: needs
needs:
	@missing() { echo "make: $$1" >&2; exit 1; }; \
	command -v go >/dev/null || missing "Go is not installed: https://go.dev/dl, the version in go.mod or newer"; \
	cc=$$(go env CC); command -v $${cc%% *} >/dev/null || \
		missing "no C compiler ($$cc), which SQLite and the race detector need: install gcc or clang, or set CC"; \
	[[ $$(go env CGO_ENABLED) == 1 ]] || missing "CGO_ENABLED=0, but SQLite and the race detector need cgo"; \
	command -v python3 >/dev/null || missing "python3 is not installed, and Django runs on it"
