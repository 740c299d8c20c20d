# SIGKILL of agents and of the coordinator in the middle: nothing is lost, nothing counted twice.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

# No more runs than `most` says end until it says more: whoever is killed is killed in the middle.
at_most() { : >begun; echo "$1" >most; }
any_number() { echo 1000000 >most; }
cat >k.yaml <<YAML
campaign: kill
matrix: {n: [1, 2, 3, 4, 5]}
benchmarks:
  nap:
    command: 'sleep 0.05; echo >>$PWD/begun; until [ \$(wc -l <$PWD/begun) -le \$(cat $PWD/most) ]; do sleep 0.05; done'
    env: {N: "{n}"}
measure: {energy: off}
repeat: {warmup: 1, blocks: 10}
YAML
progress() { joulerig export "$1" --coordinator "$ADDRESS" --keys keys 2>/dev/null | jq -r 'select(.state == "done") | .run' | wc -l; }
at_least() { [ "$(progress "$1")" -ge "$2" ]; }
check_complete() { # LABEL WHAT
	joulerig export "$1" --coordinator "$ADDRESS" --keys keys >runs
	is "$2: every run is there, once" "$(jq -r .run runs | sort -n | uniq | wc -l) of $(wc -l <runs)" "100 of 100"
	is "$2: every one is done" "$(jq -r .state runs | sort -u)" done
	is "$2: ten of each configuration on each host" \
		"$(jq -r '[.host, .parameters.n] | join(" ")' runs | sort | uniq -c | awk '{print $1}' | sort -u)" 10
}

start_coordinator
start_agent alpha
start_agent beta

at_most 30
joulerig submit k.yaml --coordinator "$ADDRESS" --keys keys >/dev/null
ok "it has begun" wait_for 120 at_least kill.1 10
kill_agent alpha
any_number
# On a busy machine a connection may not come about in the time that watch has for it; such a one says nothing.
: >watch.log
for _ in 1 2 3 4 5; do
	joulerig watch kill.1 --coordinator "$ADDRESS" --keys keys 2>>watch.log
	[ $? = 4 ] || break
done &
ok "the other host goes on" wait_for 120 at_least kill.1 25
ok "to its end" wait_for 300 at_least kill.1 50
ok "then for whom it waits is said at once, also in a log" wait_for 120 grep -q 'waiting for alpha (silent)' watch.log
grep -q 'waiting for alpha (silent)' watch.log || diag watch.log
ok "with what can be done" wait_for 60 grep -q "^Ctrl-C leaves it in the queue; 'joulerig cancel kill.1' ends it" watch.log
start_agent alpha
ok "after an agent's SIGKILL the campaign ends" joulerig watch kill.1 --coordinator "$ADDRESS" --keys keys
check_complete kill.1 "agent killed"

at_most 30
joulerig submit k.yaml --coordinator "$ADDRESS" --keys keys >/dev/null
wait_for 120 at_least kill.2 10
kill_coordinator
any_number
start_coordinator
ok "after the coordinator's SIGKILL the campaign ends" joulerig watch kill.2 --coordinator "$ADDRESS" --keys keys
check_complete kill.2 "coordinator killed"

at_most 80
joulerig submit k.yaml --coordinator "$ADDRESS" --keys keys >/dev/null
for i in 1 2 3; do
	wait_for 120 at_least kill.3 $((i * 15))
	kill_coordinator
	kill_agent beta
	start_agent beta
	start_coordinator
done
any_number
ok "after both, three times over, the campaign ends" joulerig watch kill.3 --coordinator "$ADDRESS" --keys keys
check_complete kill.3 "both killed"

at_most 30
joulerig run k.yaml --db here.db --quiet >/dev/null 2>&1 &
here_done() { [ "$(sqlite3 -readonly here.db "SELECT count(*) FROM v_run WHERE state = 'done'" 2>/dev/null)" -ge "$1" ]; }
wait_for 120 here_done 8
kill -KILL $!
wait $! 2>/dev/null
any_number
like "results of what was cut off says so" "$(joulerig results kill.1 --db here.db)" '^kill\.1  paused '
ok "a killed 'run' can be resumed" joulerig resume kill.1 --db here.db
is "and has every run once" "$(joulerig export kill.1 --db here.db | jq -r 'select(.state == "done") | .run' | sort -n | uniq | wc -l)" 50


# With capabilities, as doctor --fix gives them, the kernel forgets which signal the agent has of its parent's death.
if [ "$(id -u)" != 0 ] || ! command -v setcap setpriv >/dev/null || ! mkdir programs ||
	! cp "$BUILD"/joulerig "$BUILD"/joulerig-agent "$BUILD"/joulerig-exec programs/ ||
	! setcap cap_perfmon=ep programs/joulerig-agent 2>/dev/null || ! mkdir -m 0777 theirs; then
	skip "an agent with capabilities ends with a killed joulerig run" "not root, no setcap, or a file system without"
else
	chmod 0711 .
	cp k.yaml theirs/ && cd theirs
	setpriv --reuid=65534 --regid=65534 --clear-groups ../programs/joulerig run k.yaml --db c.db --quiet >/dev/null 2>&1 &
	run=$!
	has_agent() { agent=$(cat "/proc/$run/task/$run/children") && agent=${agent%% *} && [ "$(cat "/proc/$agent/comm")" = joulerig-agent ]; }
	if wait_for 120 has_agent; then
		wait_for 120 test -e c.db.d/agent-1/lock
		kill -KILL "$run"
		wait "$run" 2>/dev/null
		agent_gone() { ! kill -0 "$agent" 2>/dev/null; }
		ok "an agent with capabilities ends with a killed joulerig run" wait_for 120 agent_gone
		agent_gone || kill -KILL "$agent"
	else
		skip "an agent with capabilities ends with a killed joulerig run" "such a program cannot be started here"
		kill -TERM "$run"
	fi
	cd ..
fi
done_testing
