#!/usr/bin/env bash
# Makes .venv with everything Beagle needs, each package checked by its hash. Safe to call again: what is there is kept.
#
# deploy/install.sh [LOCK [packages]]: LOCK names the file in requirements/, `lock` (all, the default), `run` (no tools for
# developing) or `serve` (no torch either, and no local model: it answers, and trains nothing); `packages` leaves
# Beagle itself out. PYTHON chooses the interpreter.
set -euo pipefail
cd "$(dirname "$0")/.."

TORCH=2.13.0
VENV=.venv
LOCK="requirements/${1:-lock}.txt"
PIP="$VENV/bin/pip"
UV="$VENV/bin/uv"
export VIRTUAL_ENV="$PWD/$VENV"

say() { echo "beagle: $*" >&2; }

stop() {
  say "$*"
  exit 1
}

new_enough() { "$1" -c 'import sys; sys.exit(not sys.version_info >= (3, 11))' 2>/dev/null; }

find_python() { # prints the interpreter to use; the tested versions first
  local name
  for name in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
    if new_enough "$name"; then
      echo "$name"
      return
    fi
  done
  stop "found no Python 3.11 or newer (looked for ${PYTHON:-python3.11, python3.12, python3.13, python3});" \
    "install one, or name yours: make PYTHON=/path/to/python3.11 …"
}

make_venv() {
  if [ -x "$VENV/bin/python" ] && new_enough "$VENV/bin/python" && "$PIP" --version >/dev/null 2>&1; then
    return
  fi
  local python
  python="$(find_python)"
  say "making $VENV with $("$python" --version)"
  "$python" -m venv --clear "$VENV" ||
    stop "$python cannot make a virtual environment; on Debian or Ubuntu: sudo apt install python3-venv"
}

install_uv() {
  "$PIP" install -qq --disable-pip-version-check --require-hashes --no-deps -r requirements/uv.txt ||
    stop "pip could not install uv; check the network, or tell pip your mirror: pip config set global.index-url URL"
}

# Progress for a person, silence for a log.
uv_install() { if [ -t 2 ]; then "$UV" pip install "$@"; else "$UV" pip install --quiet "$@"; fi; }

install_locked() {
  say "installing $(grep -c '==' "$LOCK") packages, each checked by its hash"
  uv_install --require-hashes --no-deps -r "$LOCK" ||
    stop "the packages could not be installed; run the same command again to go on where it stopped"
}

# The build of the public index, by its hash; then NVIDIA's libraries for it, which the lock does not have.
install_public_torch() {
  uv_install --require-hashes --no-deps -r requirements/torch.txt
  uv_install --constraint "$LOCK" "torch==$TORCH"
}

# torch stands outside the lock: its CPU build has other hashes than the one on the public index, and PyTorch's own index
# names them nowhere else. That index alone is asked for it. What it needs besides NVIDIA's libraries is in the lock.
install_torch() {
  local cpu=(--no-deps "torch==$TORCH")
  if "$VENV/bin/python" -c "import importlib.metadata as m; assert m.version('torch').split('+')[0] == '$TORCH'" 2>/dev/null; then
    return
  elif uv_install --no-index "${cpu[@]}" 2>/dev/null; then
    say "installed torch $TORCH from this machine's own wheels"
  elif [ "$(uname -s)" = Linux ] && ! command -v nvidia-smi >/dev/null; then
    say "installing torch $TORCH for processors without a GPU"
    uv_install --torch-backend=cpu --index-strategy first-index "${cpu[@]}" || {
      say "PyTorch's own index was not reached; installing the larger build for GPUs, which runs here too"
      install_public_torch
    }
  else
    say "installing torch $TORCH"
    install_public_torch
  fi
}

make_venv
install_uv
# shellcheck source=deploy/index-settings.sh
. deploy/index-settings.sh
install_locked
[ "${1:-}" = serve ] || install_torch
if [ "${2:-}" != packages ]; then
  uv_install --no-deps --no-build-isolation --editable .
fi
"$VENV/bin/python" -c 'import xllamacpp' 2>/dev/null ||
  say "the local model cannot load; it needs libgomp: on Debian or Ubuntu, sudo apt install libgomp1"
say "ready"
