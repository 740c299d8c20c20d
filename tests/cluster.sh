# A coordinator and agents on loopback for tests: source after lib.sh.
#   start_coordinator   on store c.db ($DB) with keys in keys/; sets ADDRESS and SERVER_KEY; again after kill_coordinator: same port
#   start_agent NAME    with state in agents/NAME, trusted; SIGTERM ends it at once       kill_agent NAME, kill_coordinator   SIGKILL
#   at COMMAND...       joulerig of that coordinator
#   AGENT_IN=(COMMAND...)   before that: start_agent runs it with the agent as its arguments, which it must exec
LISTEN=tcp://127.0.0.1:0
AGENT_IN=()
declare -A AGENT_PID
start_coordinator() {
	: >serve.log
	joulerig serve --listen "$LISTEN" --db "${DB:-c.db}" --keys keys 2>>serve.log &
	SERVE_PID=$!
	wait_for 120 grep -q 'listening on' serve.log || { diag serve.log; return 1; }
	ADDRESS=$(sed -n 's/.*listening on \([^,]*\),.*/\1/p' serve.log | tail -n 1)
	LISTEN=$ADDRESS
	SERVER_KEY=$(joulerig key show --keys keys)
}
start_agent() {
	mkdir -p agents
	joulerig key trust "$1" "$(joulerig-agent key --state "agents/$1")" --role agent --keys keys
	"${AGENT_IN[@]}" joulerig-agent --coordinator "$ADDRESS" --server-key "$SERVER_KEY" --state "agents/$1" --name "$1" --drain-timeout 0s "${@:2}" 2>>"agents/$1.log" &
	AGENT_PID[$1]=$!
}
at() { joulerig "$@" --coordinator "$ADDRESS" --keys keys; }
kill_agent() { kill -KILL "${AGENT_PID[$1]}"; wait "${AGENT_PID[$1]}" 2>/dev/null; }
kill_coordinator() { kill -KILL "$SERVE_PID"; wait "$SERVE_PID" 2>/dev/null; }
stop_cluster() {
	local p
	for p in "${AGENT_PID[@]}" "${SERVE_PID:-}"; do [ -z "$p" ] || kill -TERM "$p" 2>/dev/null; done
	wait
	rm -f "$tap_log"
}
