# Needs Go and git; Redis for `make test`. All other tools are built from their
# Go modules at the versions that internal/tools names.

GO        ?= go
TESTFLAGS ?=
FUZZTIME  ?= 10s

# The race detector needs a C compiler.
RACE := $(if $(filter 1,$(shell $(GO) env CGO_ENABLED)),-race)

.PHONY: build test lint shape vuln bench bench-once fuzz images clean

build: ## the program, static
	CGO_ENABLED=0 $(GO) build -trimpath -o binglide .

test: bin/services ## all tests, with Redis, MinIO and VersityGW around them
	@$(if $(RACE),:,echo "test: without the race detector, which needs a C compiler")
	bin/services -- $(GO) test $(RACE) -timeout 20m $(TESTFLAGS) ./...

lint: bin/tools ## everything that can be said without running the program
	@files=$$(gofmt -l .); if [ -n "$$files" ]; then echo "gofmt -w these:"; echo "$$files"; exit 1; fi
	$(GO) vet ./...
	bin/tools golangci-lint run ./...
	$(GO) mod tidy -diff
	@$(MAKE) --no-print-directory shape vuln

shape: ## the house budget
	$(GO) test -count=1 -run '^TestShape$$' ./internal/shape

# Exit code 3 means vulnerabilities; another is a check that could not be made.
vuln: bin/tools ## known vulnerabilities in what is linked
	@bin/tools govulncheck ./...; code=$$?; \
	case $$code in \
	0) ;; \
	3) exit 3 ;; \
	*) echo "lint: vulnerabilities NOT checked: govulncheck ended with $$code (no network to its database?)" ;; \
	esac

bench: bin/services ## speed and memory, measured side by side in one run
	bin/services -- $(GO) run ./bench

bench-once: bin/services ## each benchmark of a package, once
	bin/services -- $(GO) test -run '^$$' -bench . -benchtime 1x -timeout 20m ./...

fuzz: ## each fuzz target for FUZZTIME
	@grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sort | while IFS=: read -r file func; do \
		echo "fuzz: $$(dirname $$file) $${func#func }"; \
		$(GO) test -run '^$$' -fuzz "^$${func#func }\$$" -fuzztime $(FUZZTIME) "$$(dirname $$file)" || exit 1; \
	done

images: ## images for compose.yaml, from this machine's programs
	@$(GO) run ./e2e/images

bin/services bin/tools: FORCE
	@$(GO) build -o $@ $(if $(filter bin/tools,$@),./internal/tools/run,./e2e/services)

FORCE:

clean: ## what the other targets made in this folder
	rm -rf binglide bin dist
	$(GO) clean -testcache
