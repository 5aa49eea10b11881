# Every target is one line; `make help` lists them. What is longer lives in tests/ (Python) or xtask/ (Rust).
.DEFAULT_GOAL := help
.PHONY: help run test check fix prepare sdk contract conformance crash fire mail writers export web codegen bench

ROUNDS ?= 10
CHANGES ?= 1000
KILLS ?= 3
SECONDS ?= 5
TASKS ?= 5000
SPEC ?=

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

run: ## build and serve on http://127.0.0.1:8080 with demo data in ./vinyasa-data
	python3 tests/run.py webdist && cargo run --release --package vinyasa -- serve --demo --data-dir ./vinyasa-data

test: ## everything CI runs, in the same order; installs what is missing
	python3 tests/run.py test

check: ## fast: format, lints, unit tests, tidy
	python3 tests/run.py check

fix: ## format, mend lints, refresh generated parts
	python3 tests/run.py fix

prepare: ## install what the tests need
	python3 tests/run.py prepare

sdk: ## the official Python and Node SDKs against the binary
	python3 tests/run.py sdk

contract: ## generated requests against our own openapi.json
	python3 tests/run.py contract

conformance: ## the same against an outside document: SPEC=path/to/openapi.yaml
	python3 tests/run.py conformance --spec "$(SPEC)"

crash: ## kill the server under writes: ROUNDS=50
	python3 tests/run.py crash --rounds $(ROUNDS)

fire: ## events and webhooks while the server is killed: CHANGES=10000 KILLS=10
	python3 tests/run.py fire --changes $(CHANGES) --kills $(KILLS)

mail: ## invitations, mentions and digests through a mail server
	python3 tests/run.py mail

writers: ## 64 parallel writers on SQLite: SECONDS=60
	python3 tests/run.py writers --seconds $(SECONDS)

export: ## export, restore and export again: TASKS=100000
	python3 tests/run.py export --tasks $(TASKS)

web: ## build the web application into web/dist, which the server embeds
	python3 tests/run.py web

codegen: ## generate the client (not there yet)
	@echo "crates/client is not part of the repository yet" >&2; exit 1

bench: ## measure against the ceilings of the same run
	cargo run --release --package xtask -- bench
