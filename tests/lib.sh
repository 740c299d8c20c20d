# TAP for shell tests: source this first, call done_testing last.
#   ok NAME COMMAND...      passes when the command succeeds (its output is shown when it does not)
#   fails NAME STATUS COMMAND...   passes when the command exits with exactly STATUS
#   is NAME GOT WANT        compares texts        like NAME TEXT REGEX   extended regular expression
#   skip NAME WHY           a test that cannot be run here
#   wait_for SECONDS COMMAND...   tries until the command succeeds; SECONDS bounds a hang, it is no verdict on speed
#   tries TIMES COMMAND...        the same, one try after the other: for what a busy machine may hide, never for what must not be
set -u
PATH=$BUILD:$PATH
tap_n=0
tap_failed=0
tap_log=$(mktemp)
pass() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $1"; }
fail() { tap_n=$((tap_n + 1)); tap_failed=$((tap_failed + 1)); echo "not ok $tap_n - $1"; }
diag() { sed 's/^/# /' "$@"; }
ok() {
	local name=$1; shift
	if "$@" >"$tap_log" 2>&1; then pass "$name"; else local s=$?; fail "$name"; echo "# exit $s: $*"; diag "$tap_log" | tail -n 40; fi
}
fails() {
	local name=$1 want=$2 got=0; shift 2
	"$@" >"$tap_log" 2>&1 || got=$?
	if [ "$got" = "$want" ]; then pass "$name"; else fail "$name"; echo "# exit $got, not $want: $*"; diag "$tap_log" | tail -n 40; fi
}
is() { if [ "$2" = "$3" ]; then pass "$1"; else fail "$1"; printf 'got:  %s\nwant: %s\n' "$2" "$3" | diag; fi; }
like() { if printf '%s\n' "$2" | grep -Eq -- "$3"; then pass "$1"; else fail "$1"; printf 'got:   %s\nregex: %s\n' "$2" "$3" | diag; fi; }
unlike() { if printf '%s\n' "$2" | grep -Eq -- "$3"; then fail "$1"; printf 'got:       %s\nnot regex: %s\n' "$2" "$3" | diag; else pass "$1"; fi; }
skip() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $1 # SKIP $2"; }
skip_all() { echo "1..0 # SKIP $1"; exit 0; }
wait_for() {
	local end=$((SECONDS + $1)); shift
	until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.05; done
}
tries() {
	local left=$1; shift
	until "$@"; do left=$((left - 1)); [ $left -gt 0 ] || return 1; done
}
# Whether the programs are built with a sanitizer: they are slow and large, and tests that mostly wait tell nothing new then.
is_sanitized() { nm -D "$BUILD/joulerig" 2>/dev/null | grep -Eq '__(asan|tsan)_'; }
done_testing() { echo "1..$tap_n"; rm -f "$tap_log"; [ "$tap_failed" = 0 ]; }
