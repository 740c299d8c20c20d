# Programs one minor version of the protocol apart work together, and say what the older one cannot do; two apart are refused.
# Those of another minor version are built so (see the Makefile): they differ in nothing else.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT
[ -x "$BUILD/minor-3/joulerig" ] || skip_all "build/minor-3 and minor-2 are built by make check"

cat >m.yaml <<'YAML'
campaign: m
matrix: {n: [1, 2]}
benchmarks: {a: {command: [echo, "{n}"]}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 2}
schedule: {cron: "0 2 * * *"}
YAML
here=(--coordinator tcp://nowhere --keys keys)
measure() { timeout 120 joulerig submit m.yaml "${here[@]}" --quiet >label 2>/dev/null && timeout 120 joulerig watch "$(grep -o 'm\.[0-9]*' label)" "${here[@]}"; }
states() { joulerig hosts "${here[@]}" --format json | jq -r '.[] | "\(.name) \(.state)"' | paste -sd';'; }
older() { PATH=$BUILD/minor-$1:$PATH "${@:2}"; }

# ---- this coordinator ----
start_coordinator
here[1]=$ADDRESS
start_agent here
older 3 start_agent before
older 2 start_agent long-before
both() { [ "$(states | tr ';' '\n' | grep -c ' idle$')" = 2 ]; }
ok "the agents of this minor version and of the one before are there" wait_for 60 both
ok "the other one is told" wait_for 60 grep -q 'minor version 2 of the protocol, this coordinator (.*) 4; at most one apart works' agents/long-before.log
is "it is no host" "$(states)" 'before idle;here idle'
ok "both measure, for a user of the one before" older 3 measure
is "everything" "$(joulerig export m.1 "${here[@]}" | jq -r '"\(.host) \(.state)"' | sort | uniq -c | awk '{print $1, $2, $3}' | paste -sd';')" '4 before done;4 here done'
is "who sees what there is" "$(older 3 joulerig results m "${here[@]}" --format csv | wc -l)" "$(joulerig results m "${here[@]}" --format csv | wc -l)"
fails "a user of two before is refused" 4 older 2 joulerig hosts "${here[@]}"
like "and told why" "$(cat "$tap_log")" 'minor version 2 of the protocol, this coordinator \(.*\) 4; at most one apart works'
kill -TERM "${AGENT_PID[before]}" "${AGENT_PID[here]}"
wait "${AGENT_PID[before]}" "${AGENT_PID[here]}" "${AGENT_PID[long-before]}" 2>/dev/null
kill_coordinator

# ---- the coordinator of before, on the same store ----
older 3 start_coordinator
start_agent here
older 3 start_agent before
ok "agents of this minor version take what it says" wait_for 60 both
ok "and measure" measure
is "its users see it all" "$(joulerig status m "${here[@]}" --format json | jq -r 'if type == "array" then .[0].state else .state end' 2>/dev/null || echo done)" done
n=$(joulerig export m "${here[@]}" | wc -l)
# It would skip the key that says that this is a schedule, and run it at once.
for verb in "schedule add m.yaml" "schedule list" "rerun m.1" "extend m.1 --blocks 1" "label m.1 a=b"; do
	if joulerig ${verb%% *} --help >/dev/null 2>&1; then
		fails "it is not asked to: $verb" 4 timeout 60 joulerig $verb "${here[@]}"
		like "and that is said" "$(cat "$tap_log")" 'it is of an older release, which knows nothing of .*minor version 3 of the protocol, 4 is needed.*upgrade it'
	else
		skip "it is not asked to: $verb" "no such subcommand"
	fi
done
is "nothing was begun" "$(joulerig export m "${here[@]}" | wc -l)" "$n"
kill_coordinator
done_testing
