# make demo and make test need nothing but Python 3.11 to 3.13 and a way to fetch the locked packages.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
POLICY ?= cheshire-east
OUT ?= demo
JOBS ?= 2
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet install
# What comes as source is built with the locked setuptools, not with one fetched on the way.
LOCKED := --require-hashes --use-pep517 --no-build-isolation
APT := DEBIAN_FRONTEND=noninteractive apt-get -qq -o=Dpkg::Use-Pty=0

.PHONY: help demo test quick check bench corpus fuzz simulate year planted guards backlog storm mutants patterns train \
    pictures office sbom audit clean servers browser writer

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1|/p' $(MAKEFILE_LIST) | column -t -s '|'

demo: .venv/run.txt ## three weeks of mail in half a minute; POLICY=sandwell for another policy, OUT=folder
	@$(BIN)/challenge-bot demo --policy $(POLICY) --out $(OUT)

test: .venv/dev.txt servers ## every test, or ONLY="words" of them, on JOBS=2 processes, and the SHOW=n slowest; needs servers
	@$(BIN)/pytest -n $(JOBS) --dist worksteal $(if $(ONLY),-k "$(ONLY)") $(if $(SHOW),--durations=$(SHOW))

# Of tests/unit: what takes seconds a test (processes, whole configurations, training), and what make check runs.
SLOW := bombs cage cells cli cli_forms cli_keep cli_online conversation deliver_alone engine_aside existence first_release gallery house \
    layers loaded meaning_of_replies policy_prose proof sandbox supply tokens unseen_replies walks
STORIES := 01-answered-and-confirmed 07-never-confirms 60-manager-away 137-a-note-of-a-call

quick: .venv/dev.txt ## what a change breaks most often, for the loop of work: tests/unit without what is slow, and four stories
	@CHALLENGE_BOT_DRAW=third $(BIN)/pytest -q -n $(JOBS) --dist worksteal -m "not postgres and not dovecot and not planted" \
	    $(SLOW:%=--ignore=tests/unit/test_%.py) tests/unit $(STORIES:%=tests/test_stories.py::test_story[%])

check: .venv/dev.txt ## format, lint, types, and how the house is kept
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/pytest -q tests/unit/test_layers.py tests/unit/test_house.py

bench: .venv/dev.txt servers ## what it costs on this machine, beside the floor of the same work
	@$(BIN)/python -m tests.bench

corpus: .venv/dev.txt ## how well mails are read, beside other readers; CHALLENGE_BOT_CORPUS and _FIELD name given ones
	@$(BIN)/python -m tests.corpus

fuzz: .venv/dev.txt ## hostile mails and fields through the reading process; FUZZ=n, SEED=n; WAY=intake: on to the decision
	@$(BIN)/python -m tests.fuzz $(WAY)

simulate: .venv/dev.txt ## YEARS=50 years of a team's mail with faults at every call; SEED=n alone plays one again and makes it short
	@$(BIN)/python -m tests.simulate --jobs $(JOBS) $(if $(YEARS),--years $(YEARS)) $(if $(SEED),--seed $(SEED))

year: .venv/dev.txt ## the figures of a report against the journal, for a year of CASES=500 challenges over five policies
	@YEAR=$(or $(CASES),500) $(BIN)/pytest -q tests/property/test_report_year.py

planted: .venv/dev.txt ## whether a simulation and a storm find faults that are put into the bot on purpose
	@$(BIN)/pytest -q -m planted -n $(JOBS) tests/simulate tests/storm

guards: .venv/dev.txt servers ## the guard of each fault in tests/faults taken away, and whether its test notices; FAULT=9,14
	@$(BIN)/python -m tests.faults.guards "$(FAULT)"

backlog: .venv/dev.txt ## whether 2,000 mails that share commits leave what they leave one by one
	@BACKLOG=2000 $(BIN)/pytest -q tests/integration/test_shared_commit.py

storm: .venv/dev.txt servers ## KILLS=500 kills of the real daemon on DATABASE=sqlite or postgresql, SEED=1; reads what people got
	@$(BIN)/python -m tests.storm --kills $(or $(KILLS),500) --database $(or $(DATABASE),sqlite) --seed $(or $(SEED),1)

mutants: .venv/dev.txt ## small faults put into a copy of the bot, and those that no test notices; MUTANTS=n, SEED=n, ROOM=name
	@$(BIN)/python -m tests.mutants --count $(or $(MUTANTS),60) --seed $(or $(SEED),1) --only "$(ROOM)"

patterns: .venv/dev.txt ## the word lists of bot/mail/patterns, written out for the reader
	@$(BIN)/python -m tests.patterns

train: .venv/dev.txt ## the weights by which an unclear reply is asked about, from the sentences in tests/training
	@$(BIN)/python -m tests.train

pictures: .venv/dev.txt browser build/axe ## letters as Chromium shows and reads them, against tests/pictures/references; KEEP=1 keeps new ones
	@KEEP=$(KEEP) $(BIN)/python -m tests.pictures

office: .venv/dev.txt writer ## Word documents, workbooks and PDFs opened, turned into PDF and saved by LibreOffice, and read again
	@$(BIN)/python -m tests.office

sbom: .venv/dev.txt ## the bill of materials from the lock files, as CycloneDX: build/sbom.json
	@$(BIN)/python -m tests.supply sbom

audit: .venv/dev.txt ## the lock files held against advisories (OSV, JSON): ADVISORIES=file or folder, which you bring
	@$(BIN)/python -m tests.supply audit

clean: ## removes what make and the tests have made; var/ and .venv/ stay
	@rm -rf demo build *.egg-info .hypothesis .mypy_cache .ruff_cache
	@find bot tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment: locked packages with their hashes; the project itself is put beside them without a network ---

.venv/run.txt: requirements.txt requirements-build.txt pyproject.toml | .venv/bin/pip
	@echo "Installing the locked packages ..."
	@$(PIP) --require-hashes -r requirements-build.txt
	@$(PIP) $(LOCKED) -r requirements.txt
	@$(PIP) --no-index --no-deps --no-build-isolation --editable .
	@date > $@

.venv/dev.txt: requirements-dev.txt .venv/run.txt
	@echo "Installing what the tests need ..."
	@$(PIP) $(LOCKED) -r requirements-dev.txt
	@date > $@

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	    || { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=/path/to/it ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    [ "$$(id -u)" = 0 ] || { echo "Please install the package python3-venv and try again." >&2; exit 1; }; \
	    $(APT) update && $(APT) install -y --no-install-recommends python3-venv; }
	@$(PYTHON) -m venv --clear .venv

servers:
	@need=(); \
	command -v dovecot >/dev/null || [ -x /usr/sbin/dovecot ] || need+=(dovecot-imapd); \
	compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || need+=(postgresql); \
	if [ $${#need[@]} -gt 0 ]; then \
	    if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	        echo "Installing $${need[*]} for the tests ..."; \
	        $(APT) update && $(APT) install -y --no-install-recommends "$${need[@]}" >/dev/null; \
	    else \
	        echo "*** NOT EVERYTHING IS TESTED: please install $${need[*]} ***" >&2; \
	    fi; \
	fi

browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
	    [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	        || { echo "Please install Chromium and the fonts of fonts-liberation, and try again." >&2; exit 1; }; \
	    echo "Installing chromium for the pictures ..."; \
	    $(APT) update && $(APT) install -y --no-install-recommends chromium fonts-liberation >/dev/null; }

writer:
	@command -v soffice >/dev/null && command -v qpdf >/dev/null && command -v pdftotext >/dev/null || { \
	    [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	        || { echo "Please install libreoffice-writer, libreoffice-calc, qpdf and poppler-utils." >&2; exit 1; }; \
	    echo "Installing LibreOffice, qpdf and poppler-utils for the documents ..."; \
	    $(APT) update && $(APT) install -y --no-install-recommends libreoffice-writer libreoffice-calc \
	        fonts-liberation qpdf poppler-utils >/dev/null; }

build/axe: tests/pictures/requirements.txt | .venv/dev.txt
	@$(PIP) --require-hashes --no-deps --upgrade --target $@ -r $<
	@touch $@
