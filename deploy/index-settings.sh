# shellcheck shell=bash
# Sourced: tells uv which package indexes this machine uses, when only pip was told.
#
# uv reads none of pip's settings. A machine whose packages come from a mirror or a folder of wheels usually says so to pip
# alone; without this, uv would ask the public index there. What is set for uv already wins. Expects PIP to be a pip.

pip_setting() { # NAME: its value in the environment (PIP_NAME) or in pip's files, on one line; nothing when unset
  local variable value
  variable="PIP_$(echo "$1" | tr 'a-z-' 'A-Z_')"
  value="${!variable:-}"
  [ -n "$value" ] || value="$("$PIP" config get "global.$1" 2>/dev/null || "$PIP" config get "install.$1" 2>/dev/null || true)"
  echo "$value" | xargs
}

hand_over() { # PIP'S NAME, UV'S NAME, SEPARATOR
  local value
  value="$(pip_setting "$1")"
  if [ -n "$value" ] && [ -z "${!2:-}" ]; then
    export "$2=${value// /$3}"
  fi
}

hand_over index-url UV_DEFAULT_INDEX ' '
hand_over extra-index-url UV_INDEX ' '
hand_over find-links UV_FIND_LINKS ','
hand_over cert SSL_CERT_FILE ' '
# pip looks in every index for every package; hashes make that safe here.
export UV_INDEX_STRATEGY="${UV_INDEX_STRATEGY:-unsafe-best-match}"
