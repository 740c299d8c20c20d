# limits.user, limits.memory and limits.processes through a campaign: kept, or refused with what to do.
. "$TOP/tests/lib.sh"
chmod 0711 .
mkdir w && echo data >w/file

one() { # NAME LIMITS [MORE]: one run of ./script, of files w with MORE keys of the campaign as JSON; its object into run.NAME
	jq -n --arg name "$1" --argjson limits "$2" --argjson more "${3-{\}}" '{campaign: $name, files: ["w", "script"],
		benchmarks: {b: {command: ["sh", "script"]}}, limits: $limits, measure: {energy: "off"},
		repeat: {warmup: 0, blocks: 1}} + $more' >"$1.yaml"
	joulerig run "$1.yaml" --db l.db --quiet >"$1.out" 2>"$1.err"
	joulerig export "$1.1" --db l.db >"run.$1"
	joulerig export "$1.1" --db l.db --what output --format ndjson | jq -r 'select(.stream == "stdout") | .text' >"stdout.$1"
}
get() { jq -r "$2 // empty" "run.$1"; }

echo 'exit 0' >script
# Where a machine has the controller it is kept, else nothing is run; never is it left out silently.
one memory '{"memory": "64MiB"}'
if [ "$(get memory .state)" = done ]; then
	pass "limits.memory is kept"
else
	like "limits.memory skips where it cannot be kept, and says why" "$(joulerig runs memory.1 --db l.db --format csv)" \
		'skipped.*limits.memory cannot be kept here: .*(boot with|Delegate=yes|mount|container|control group)'
fi
one processes '{"processes": 64}'
if [ "$(get processes .state)" = done ]; then
	pass "limits.processes is kept"
else
	like "limits.processes skips where it cannot be kept, and says why" "$(joulerig runs processes.1 --db l.db --format csv)" \
		'skipped.*limits.processes cannot be kept for root.*limits.user'
fi
one made '{"processes": 64}' '{"setup": {"command": ["sh", "-c", "touch made"]}}'
unlike "limits.processes is not for setup" "$(joulerig runs made.1 --db l.db --format csv)" 'setup:'

wide=0
for label in memory.1 processes.1; do while IFS= read -r line; do [ ${#line} -le 100 ] || wide=$((wide + 1)); done < <(joulerig results $label --db l.db 2>/dev/null); done
is "what is told of it is at most 100 columns wide" "$wide" 0

one unknown '{"user": "no-such-user-here"}'
like "a user whom the machine has not skips the run" "$(joulerig runs unknown.1 --db l.db --format csv)" \
	'skipped.*limits.user: no-such-user-here: no such user on this machine'
is "which is no failure" "$(grep -c failed unknown.out)" 0

if [ "$(id -u)" != 0 ]; then
	one other '{"user": "nobody"}'
	like "an agent that is not root cannot be another user, and says so" "$(joulerig runs other.1 --db l.db --format csv)" 'limits.user: .*(root|chmod|Operation not permitted)'
	skip "limits.user" "not root"
	done_testing
	exit
fi
one probe '{"user": "nobody"}'
if [ "$(get probe .state)" != done ]; then
	skip "limits.user" "$(joulerig runs probe.1 --db l.db --format csv | tail -n 1 | tr '\n' ' ')"
	done_testing
	exit
fi
pass "a run of another user is done"

cat >script <<'S'
id -un; echo "home $HOME"; cat w/file made
touch mine "$TMPDIR/mine" && echo written
for f in secret-key lock coordinator tune.journal; do cat "../../$f" 2>/dev/null && echo "read $f"; done
for d in .. ../.. ../../spool ../../files ../../tmp; do ls "$d" >/dev/null 2>&1 && echo "listed $d"; done
for d in .. ../.. ../../spool ../../files ../../tmp; do touch "$d/x" 2>/dev/null && echo "wrote $d"; done
S
setup='{"setup": {"command": ["sh", "-c", "id -un >made; echo home $HOME >>made"]}}'
one user '{"user": "nobody"}' "$setup"
home=$(getent passwd nobody | cut -d: -f6)
is "it and its setup are that user, at home there, may write what is theirs, and nothing of the agent's" \
	"$(cat stdout.user)" "$(printf '%s\n' nobody "home $home" data nobody "home $home" written)"
is "no process of it is left" "$(jq '.flags | index("leftovers")' run.user)" null
# What nobody could write is not what the agent's own user runs.
one own '{}' "$setup"
like "the same campaign of the agent's own user has a directory of its own" "$(cat stdout.own)" '^root$'
unlike "in which the other never was" "$(cat stdout.own)" '^nobody$'
one again '{"user": "nobody"}' "$setup"
is "and the other finds its own again" "$(cat stdout.again)" "$(cat stdout.user)"
done_testing
