# Everything the project does starts here; `make` alone lists it.
# What is longer than a few lines lives in Python: dockerlab/preparation.py, dockerlab/course/.
.DEFAULT_GOAL := help
.PHONY: help setup lab test bench notebooks exercises soak lock clean
SHELL  := /bin/bash
VENV   := .venv
PY     := $(VENV)/bin/python
LOCKED := $(VENV)/.locked

help:
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(LOCKED) ## 필요한 것을 모두 준비합니다 (가상 환경, 엔진, QEMU, 과정 이미지)
	@$(VENV)/bin/dockerlab setup

lab: setup ## JupyterLab에서 과정을 엽니다 (예: make lab ARGS=--no-browser)
	@$(VENV)/bin/dockerlab lab $(ARGS)

test: $(LOCKED) ## 모든 검사를 실제 엔진, VM, 브라우저로 돌립니다
	@$(VENV)/bin/dockerlab setup --test
	$(PY) -m ruff check .
	$(PY) -m pytest --require engine,vm,browser tests
	$(PY) -m pytest -p dockerlab.course.nbval_kernel --nbval --nbval-current-env --nbval-cell-timeout 600 --durations=10 notebooks

bench: setup ## 짝지은 벤치마크를 돌리고 보고서를 build/bench에 남깁니다
	@mkdir -p build/bench; set -o pipefail; failed=0; for each in bench/bench_*.py; do \
	  $(PY) $$each $(ARGS) | tee build/bench/$$(basename $$each .py).md || failed=1; done; \
	$(PY) bench/report.py || failed=1; exit $$failed

notebooks: setup ## 노트북을 모두 다시 실행하여 저장합니다
	$(PY) -m dockerlab.course.execution $(or $(ARGS),notebooks)

exercises: $(LOCKED) ## 풀이에서 연습 노트북을 다시 만듭니다
	$(PY) -m dockerlab.exercises.generation exercises

soak: setup ## 오래 걸리는 검사를 돌립니다 (노트북 커널을 200번 강제 종료하기 등)
	$(PY) -m pytest -m soak --require engine tests

lock: $(LOCKED) ## pyproject.toml에서 requirements.lock을 다시 만듭니다 (uv가 있어야 합니다)
	uv pip compile --universal --python-version 3.11 --all-extras --generate-hashes --no-annotate \
	  --no-header --no-emit-index-url --no-emit-find-links --quiet -o requirements.lock pyproject.toml

clean: ## 과정이 만든 컨테이너, 네트워크, 볼륨, VM과 빌드 산출물을 지웁니다
	@if [ -e $(LOCKED) ]; then $(VENV)/bin/dockerlab clean; fi
	rm -rf build .pytest_cache .ruff_cache

# The stamp makes a second run instant. A virtual environment whose Python is gone is made anew.
$(LOCKED): requirements.lock pyproject.toml
	@$(PY) -m pip --version >/dev/null 2>&1 || { $(find-python) && "$$python" -m venv --clear $(VENV); }
	@$(install-locked)
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Sets $$python; Debian and Ubuntu keep what makes virtual environments in a package of its own.
define find-python
python=; for try in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
  "$$try" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null \
    && { python=$$try; break; }; \
done; \
packages=; \
if [ -z "$$python" ]; then python=python3 packages="python3 python3-venv"; \
elif ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
  packages="$$("$$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"; fi; \
if [ -n "$$packages" ]; then \
  install="apt-get install -y --no-install-recommends $$packages"; \
  if ! command -v apt-get >/dev/null; then \
    echo "Python 3.11, 3.12, 3.13 가운데 하나가 필요합니다. 설치한 뒤 다시 실행하십시오(다른 곳에 있다면: make setup PYTHON=경로)." >&2; exit 1; \
  elif [ "$$(id -u)" != 0 ] || [ "$$DOCKERLAB_INSTALL" = 0 ]; then \
    echo "가상 환경을 만들려면 다음 명령이 필요합니다: sudo $$install" >&2; exit 1; fi; \
  echo "가상 환경(.venv)을 만드는 데 필요하여 배포판에서 설치합니다: $$packages"; \
  log=$$(mktemp); { apt-get update && DEBIAN_FRONTEND=noninteractive $$install; } >$$log 2>&1 \
    || { tail -n 5 $$log >&2; exit 1; }; rm -f $$log; \
fi
endef

# pip's own output goes to a log; what is shown is one line that counts.
define install-locked
set -o pipefail; log=$(VENV)/pip.log; total=$$(grep -c '^[a-z].*==' requirements.lock); count=0; \
echo "잠금 파일의 Python 패키지를 해시와 맞추어 설치합니다."; \
$(PY) -u -m pip install --disable-pip-version-check --require-hashes -r requirements.lock 2>&1 | tee $$log \
  | while IFS= read -r line; do case "$$line" in \
      Collecting*|Requirement\ already*|Ignoring*) count=$$((count + 1)); \
        if [ -t 1 ]; then printf '\r  패키지 %d/%d' $$count $$total; fi ;; \
      Installing\ collected*) if [ -t 1 ]; then printf '\r  내려받은 패키지를 푸는 중입니다.'; fi ;; \
    esac; done \
  && echo "  설치를 마쳤습니다." \
  || { echo; echo "패키지를 설치하지 못했습니다. 자세한 기록: $$log" >&2; tail -n 5 $$log >&2; exit 1; }
endef
