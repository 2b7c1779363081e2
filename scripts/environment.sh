# Sourced by the other scripts: a virtual environment in .venv that matches a lock file.
# Usage: prepare_environment LOCK   (afterwards $VENV/bin holds the programs)

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
VENV=${REGISTRY_VENV:-$ROOT/.venv}
# Hundreds of processes read the same modules: each would compile them again. What they print is
# buffered, as it is for a user.
unset PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED

find_python() {
    for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Python 3.11 or newer is not on the path. Install it, or name it: PYTHON=/path/to/python" >&2
    exit 1
}

prepare_environment() {
    lock=$ROOT/$1
    stamp=$VENV/.installed
    wanted=$(cat "$lock" "$ROOT/pyproject.toml" | cksum)
    # Two commands started at once: the second waits until the first has installed.
    exec 9>"$ROOT/.venv.lock" && { flock 9 2>/dev/null || true; }
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
        python=$(find_python)
        echo "Setting up $VENV (once; a minute or two) ..." >&2
        "$python" -m venv "$VENV" || {
            echo "This Python cannot make a virtual environment. On Debian: apt install python3-venv" >&2
            exit 1
        }
        "$VENV/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes \
            --no-compile --requirement "$lock" >&2
        # pip would compile on one core, and the packages' own tests as well. What does not compile
        # is for another Python and never imported.
        "$VENV/bin/python" -m compileall -qq -j 0 -x /tests/ "$VENV/lib" >&2 || true
        "$VENV/bin/python" -m pip install -qq --disable-pip-version-check --no-deps \
            --no-build-isolation --editable "$ROOT" >&2
        echo "$wanted" >"$stamp"
    fi
    exec 9>&-
}
