# The agent over 1,000 runs: no leak, no growth, no descriptor left open.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

runs() { # N
	sed "s/@/$1/" >t.yaml <<-'YAML'
		campaign: "true"
		benchmarks: {t: {command: [/bin/true]}}
		measure: {energy: off}
		repeat: {warmup: 0, blocks: @}
	YAML
	joulerig run t.yaml --coordinator "$ADDRESS" --keys keys --quiet --format csv >runs.csv 2>runs.log || { tail -n 5 runs.log; return 1; }
}
resident() { awk '/^VmRSS/{print $2}' "/proc/${AGENT_PID[alpha]}/status"; }
is_idle() { joulerig hosts alpha --coordinator "$ADDRESS" --keys keys | grep -qw idle; }
descriptors() { ls "/proc/${AGENT_PID[alpha]}/fd" | wc -l; }

start_coordinator
start_agent alpha
ok "runs to warm up" runs 200
before=$(resident) fds=$(descriptors)
ok "1,000 runs" runs 1000
after=$(resident)
if is_sanitized; then
	skip "the agent's memory does not grow" "sanitizers keep what was freed"
else
	ok "the agent's memory does not grow ($before kB, then $after kB)" test "$after" -le $((before + 512))
fi
is "nor its descriptors" "$(descriptors)" "$fds"
kill -TERM "${AGENT_PID[alpha]}"; wait "${AGENT_PID[alpha]}"; unset 'AGENT_PID[alpha]'

if ! command -v valgrind >/dev/null; then
	skip "no leak" "valgrind is not installed"
elif is_sanitized; then
	skip "no leak" "this build has its own leak checker"
else
	valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect \
		--error-exitcode=9 --log-file=valgrind.log joulerig-agent --coordinator "$ADDRESS" --server-key "$SERVER_KEY" \
		--state agents/alpha --name alpha 2>agents/alpha.log &
	AGENT_PID[alpha]=$!
	wait_for 120 is_idle
	ok "1,000 runs under valgrind" runs 1000
	kill -TERM "${AGENT_PID[alpha]}"
	wait "${AGENT_PID[alpha]}"
	status=$?
	unset 'AGENT_PID[alpha]'
	ok "no leak and no bad access" test "$status" -ne 9
	[ ! -s valgrind.log ] || diag valgrind.log | head -n 60
fi
done_testing
