# `make` prints what there is. Everything is installed into this folder; nothing else is touched.
PYTHON ?= python3
RUN := .venv/bin/python
DEVSTACK := $(RUN) -m devstack
TEMPLATES := template.yaml infrastructure.yaml
# Says what a command said only when it failed.
QUIETLY := sh -c 'said=$$("$$@" 2>&1) || { echo "$$said"; exit 1; }' --
.DEFAULT_GOAL := help

.PHONY: help
help: ## print this help
	@grep -hE '^[a-z][a-z0-9-]*:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-20s %s\n", $$1, $$2}'

.PHONY: deps
deps: ## install what running needs (make run does it by itself)
	@$(PYTHON) -m devstack.install run

.PHONY: deps-prove
deps-prove: ## install what proving needs (make prove does it by itself)
	@$(PYTHON) -m devstack.install prove

.PHONY: deps-test
deps-test: ## install what testing needs (make test does it by itself)
	@$(PYTHON) -m devstack.install test

.PHONY: run
run: deps ## start the whole stack: Kafka, PostgreSQL, Lambda, S3, the page (SOURCE=nats CACHE=valkey)
	@exec $(DEVSTACK) up

.PHONY: localstack
localstack: deps ## start the whole stack with its AWS side on LocalStack, without Docker
	@$(PYTHON) -m devstack.install sam localstack runtime && exec $(DEVSTACK) up --on localstack

.PHONY: demo
demo: deps ## follow a good record, and a bad one that is mended, through the running stack
	@$(DEVSTACK) demo

.PHONY: run-producer
run-producer: deps ## send orders, some of them bad (COUNT=100 RATE=20 BAD_RATE=0.05)
	@$(DEVSTACK) produce --count $(or $(COUNT),100) --rate $(or $(RATE),20) --bad-rate $(or $(BAD_RATE),0.05)

.PHONY: prove
prove: deps-prove ## injure a stack of its own under load, account for every record (ORDERS=20000 SEED=)
	@$(DEVSTACK) prove $(if $(ORDERS),--orders $(ORDERS)) $(if $(SEED),--seed $(SEED))

.PHONY: status
status: deps ## show what runs, its memory and its addresses
	@$(DEVSTACK) status

.PHONY: logs
logs: ## follow the logs of the running stack
	@tail -n 50 -F .devstack/logs/*.log

.PHONY: down
down: deps ## stop the running stack (Ctrl-C in its terminal does the same)
	@$(DEVSTACK) down

.PHONY: docker-up
docker-up: deps ## start the servers in containers and the stack on them (make status, make logs)
	@$(DEVSTACK) docker up

.PHONY: docker-down
docker-down: deps ## stop what make docker-up started, and keep its data
	@$(DEVSTACK) docker down

.PHONY: docker-clean
docker-clean: deps ## stop what make docker-up started, and remove its data
	@$(DEVSTACK) docker clean

.PHONY: build
build: deps ## build what is uploaded to Lambda, and say how large it is
	@$(DEVSTACK) build

.PHONY: sam-local
sam-local: deps ## serve the API from AWS's containers, beside the running stack (needs Docker)
	@exec $(DEVSTACK) sam-local

.PHONY: sam-invoke
sam-invoke: deps ## invoke a function in its container (EVENT=events/api_order.json FUNCTION=)
	@$(DEVSTACK) sam-invoke $(or $(EVENT),-) $(if $(FUNCTION),--function $(FUNCTION))

.PHONY: test
test: check unit simulation integration e2e targets ## run all checks and tests

.PHONY: check
check: lint policies ## everything that is checked without running it

.PHONY: lint
lint: deps-test ## style, types, import rules
	@.venv/bin/ruff check --quiet . && .venv/bin/ruff format --check --quiet .
	@.venv/bin/mypy && for app in functions/*/app.py; do .venv/bin/mypy $$app || exit; done
	@PYTHONPATH=layers/orders:. .venv/bin/lint-imports

.PHONY: policies
policies: deps-test ## what AWS would refuse in the templates, and a platform team (cfn-lint, sam validate, checkov)
	@$(PYTHON) -m devstack.install sam checkov && .venv/bin/cfn-lint $(TEMPLATES)
	@SAM_CLI_TELEMETRY=0 __SAM_CLI_APP_DIR=$(CURDIR)/.aws-sam/home $(QUIETLY) .tools/sam/bin/sam validate --lint
	@$(QUIETLY) .tools/checkov/bin/checkov --framework cloudformation --quiet --compact --skip-download $(TEMPLATES:%=-f %)

.PHONY: unit
unit: deps-test ## tests without sockets, in seconds
	@$(PYTHON) -m devstack.install sam && $(RUN) -m pytest tests/unit tests/infrastructure

.PHONY: simulation
simulation: deps-test ## a fixed thousand of simulated histories, and wrong parts that they must notice
	@$(RUN) -m pytest tests/simulation

.PHONY: integration
integration: deps-test ## tests with real PostgreSQL, Kafka and Lambda runtime
	@$(RUN) -m coverage run -m pytest tests/unit/orders tests/integration/orders
	@$(RUN) -m coverage report --skip-covered
	@$(RUN) -m pytest --numprocesses 2 --dist loadfile tests/integration tests/conformance --ignore tests/integration/orders

.PHONY: conformance
conformance: deps-test ## every documented rule of the mapping, one by one (docs/conformance.md)
	@$(RUN) -m tests.conformance

.PHONY: conformance-mutants
conformance-mutants: deps-test ## break every rule once, and see its test notice (a quarter of an hour)
	@$(RUN) -m tests.conformance.mutants

.PHONY: e2e
e2e: deps-test ## the whole stack from outside, the page in a browser
	@$(RUN) -m pytest --numprocesses 2 --dist loadfile tests/e2e
	@$(RUN) -m pytest tests/frontend

.PHONY: simulate
simulate: deps-test ## run the mapping through simulated histories (HISTORIES=10000 SEED=)
	@$(RUN) -m tests.simulation $(if $(HISTORIES),--histories $(HISTORIES)) $(if $(SEED),--seed $(SEED))

.PHONY: bench
bench: deps-test ## measure the event source mapping beside a bare consumer
	@$(RUN) -m bench.mapping

.PHONY: bench-cache
bench-cache: deps-test ## 50 cold environments with and without a second-level cache, and its faults
	@$(RUN) -m bench.cache && $(RUN) -m bench.cache faults

.PHONY: targets
targets: deps-test ## what `sam build` makes, and the other places where the functions run
	@$(PYTHON) -m devstack.install sam runtime localstack
	@$(RUN) -m pytest --numprocesses 2 --dist loadfile tests/targets

.PHONY: parity
parity: deps-test ## the same ten events through every place where the functions run (docs/parity.md)
	@$(PYTHON) -m devstack.install sam runtime localstack && $(RUN) -m tests.targets

.PHONY: measure
measure: deps-test ## measure the functions anew, for `python -m devstack estimate` (a minute)
	@$(RUN) -m bench.functions

.PHONY: schemas
schemas: deps ## write the JSON Schema and the OpenAPI document anew from the code
	@$(RUN) -m devstack.schemas

.PHONY: lock
lock: deps-test ## renew requirements/ from pyproject.toml and the layer's requirements.in
	@sh requirements/lock.sh

.PHONY: clean
clean: ## remove the stack's data and caches of tools (not what is installed)
	@rm -rf .devstack .aws-sam .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage*

.PHONY: distclean
distclean: clean ## remove everything that was installed too
	@rm -rf .venv .tools
