#!/bin/sh
# Starts the gateway. HOST and PORT say where (127.0.0.1 and 4000), PYTHON with which interpreter.
set -eu
cd "$(dirname "$0")"
: "${LITELLM_MASTER_KEY:?is not set: the key by which applications come in}"
: "${MIGRATOR_DATABASE_URL:?is not set: the database of the history, which says what is rolled out}"
# Prices come with the package; no .env of another program; no pages beside the service.
export LITELLM_LOCAL_MODEL_COST_MAP=True LITELLM_MODE=PRODUCTION LITELLM_LOG=ERROR
export NO_DOCS=True NO_REDOC=True DISABLE_ADMIN_UI=True
# The proxy would take an application's database for its own, and change it.
unset DATABASE_URL DIRECT_URL PYTHONDONTWRITEBYTECODE
if [ -z "${PYTHON:-}" ]; then
    PYTHON=python3
    if [ -x .venv/bin/python ]; then PYTHON=.venv/bin/python; fi
fi
exec "$PYTHON" -c 'from litellm import run_server; run_server()' \
    --config config.yaml --host "${HOST:-127.0.0.1}" --port "${PORT:-4000}" "$@"
