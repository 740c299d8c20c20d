# What a service manager is told by the real programs: ready, alive, at what, about to end.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
command -v python3 >/dev/null || skip_all "no python3 here to be the service manager"
trap 'kill "${MANAGER[@]}" 2>/dev/null; stop_cluster' EXIT
MANAGER=()

# manager NAME SOCKET: a line of NAME.told for each datagram, its lines separated by a space
manager() {
	python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\0" + sys.argv[1][1:] if sys.argv[1][0] == "@" else sys.argv[1])
print("bound", flush=True)
while True:
    print(s.recv(4096).decode().replace("\n", " "), flush=True)' "$2" >"$1.told" &
	MANAGER+=($!)
	wait_for 60 grep -q bound "$1.told"
}
told() { grep -Eq -- "$2" "$1.told"; }
environment() { tr '\0' '\n' <"/proc/$1/environ" | grep -cE '^(NOTIFY_SOCKET|WATCHDOG_)'; }
children() { pgrep -P "$1"; }

manager serve "$PWD/serve.sock"
manager agent "@joulerig-test-$$-agent"
export WATCHDOG_USEC=400000
NOTIFY_SOCKET=$PWD/serve.sock start_coordinator
ok "the coordinator is ready" wait_for 60 told serve '^READY=1$'
ok "says that it lives" wait_for 60 told serve '^WATCHDOG=1$'
ok "and what it is at" wait_for 60 told serve '^STATUS=0 hosts, 0 campaigns running$'

NOTIFY_SOCKET=@joulerig-test-$$-agent start_agent alpha
ok "an agent is ready, by an abstract socket" wait_for 60 told agent '^READY=1$'
ok "and connected" wait_for 60 told agent "^STATUS=connected to $ADDRESS\$"
ok "and lives" wait_for 60 told agent '^WATCHDOG=1$'
ok "the coordinator counts it" wait_for 60 told serve '^STATUS=1 host, 0 campaigns running$'

cat >c.yaml <<'YAML'
campaign: told
benchmarks: {environment: {command: [/bin/sh, -c, 'env; sleep 1']}}
measure: {energy: "off"}
repeat: {warmup: 0, blocks: 1}
YAML
joulerig submit c.yaml --coordinator "$ADDRESS" --keys keys >/dev/null
ok "the campaign, too" wait_for 60 told serve '^STATUS=1 host, 1 campaign running$'
ok "and the agent its run" wait_for 60 told agent "^STATUS=connected to $ADDRESS, run 1 of told.1\$"
for p in $(children "${AGENT_PID[alpha]}"); do is "joulerig-exec knows no manager" "$(environment "$p")" 0; done
ok "the campaign ends" joulerig watch told.1 --coordinator "$ADDRESS" --keys keys
is "nor does a run" "$(joulerig export told.1 --what output --coordinator "$ADDRESS" --keys keys | grep -cE 'NOTIFY_SOCKET|WATCHDOG_')" 0

kill -HUP "$SERVE_PID"
ok "it says that it reads its settings again" wait_for 60 told serve '^RELOADING=1 MONOTONIC_USEC=[0-9]+$'
ready_again() { sed -n '/^RELOADING/,$p' serve.told | grep -q '^READY=1'; }
ok "and is ready after" wait_for 60 ready_again

kill -TERM "${AGENT_PID[alpha]}"
ok "the agent says that it ends, and how long that may take" wait_for 60 told agent '^STOPPING=1 EXTEND_TIMEOUT_USEC=15000000$'
kill -TERM "$SERVE_PID"
ok "the coordinator, too" wait_for 60 told serve '^STOPPING=1$'
wait "$SERVE_PID"

# Without a manager, with one that is not there, and with a watchdog of another process.
SERVE_PID=
NOTIFY_SOCKET=$PWD/nobody.sock start_coordinator
ok "one that is not there is told in a line, and no more" grep -q "NOTIFY_SOCKET '.*nobody.sock'" serve.log
kill -TERM "$SERVE_PID"; wait "$SERVE_PID"
: >serve.told
NOTIFY_SOCKET=$PWD/serve.sock WATCHDOG_PID=1 start_coordinator
ok "ready" wait_for 60 told serve '^READY=1$'
ok "and at something" wait_for 60 told serve '^STATUS='
fails "but silent for the watchdog of another process" 1 grep -q WATCHDOG serve.told
done_testing
