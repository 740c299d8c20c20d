# Server and client on hosts of their own, with real agents: they start together, are measured together, end together, and
# give one result; who fails, dies or is lost; campaigns that want the same hosts in opposite roles; a restart in between.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
command -v python3 >/dev/null || skip_all "there is no python3"
trap stop_cluster EXIT

# A port that nobody has now; the programs below take it one after the other.
PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir rpc
cat >rpc/server.py <<'PY'
import os, signal, socket, sys
port, how = int(sys.argv[1]), sys.argv[2]
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("0.0.0.0", port))
s.listen(8)
print("listening", flush=True)
served = 0
def end(*_):
    print('{"served": %d}' % served, flush=True)
    os._exit(0)
signal.signal(signal.SIGTERM, end)
while True:
    c, _ = s.accept()
    c.sendall(b"x" * len(c.recv(100)))
    c.close()
    served += 1
    if how == "dies":
        os._exit(3)
PY
cat >rpc/client.py <<'PY'
import socket, sys
host, port, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for i in range(n):
    c = socket.create_connection((host, port))
    c.sendall(b"ping")
    assert c.recv(100)
    c.close()
if len(sys.argv) > 4:
    sys.stderr.write("no\n")
    sys.exit(int(sys.argv[4]))
print('{"requests": %d, "server": "%s"}' % (n, host))
PY
roles() { # NAME SERVER_HOST CLIENT_HOST READY CLIENT_ARGUMENT SERVER_ARGUMENT BLOCKS
	cat <<YAML
campaign: $1
files: [rpc]
matrix: {n: [1, 3]}
benchmarks:
  rpc:
    roles:
      server:
        hosts: {names: [$2]}
        command: [python3, rpc/server.py, "$PORT", "$6"]
        ready: {$4, timeout: 60s}
        placement: {cpus: 1}
      client:
        hosts: {names: [$3]}
        command: [python3, rpc/client.py, "{hosts.server.address}", "$PORT", "{n}"$5]
    main: client
    metrics:
      requests: {json: requests}
      served: {json: served, role: server}
    work: {value: metric.requests, unit: request}
measure: {energy: off}
repeat: {warmup: 0, blocks: $7}
limits: {timeout: 60s}
compare: {by: n, baseline: 1, metrics: [server.energy.package.per_work, server.time]}
YAML
}
run() { joulerig submit "$1.yaml" --coordinator "$ADDRESS" --keys keys >/dev/null && joulerig watch "$1.1" --coordinator "$ADDRESS" --keys keys; }
runs() { joulerig export "$1" --coordinator "$ADDRESS" --keys keys; }

start_coordinator
for host in alpha beta; do start_agent $host; done
wait_for 60 sh -c "joulerig hosts --coordinator $ADDRESS --keys keys | grep -c idle | grep -qx 2"

roles pattern alpha beta "pattern: '^listening'" '' lives 3 >pattern.yaml
like "plan tells the hosts that run together" "$(joulerig plan pattern.yaml --coordinator "$ADDRESS" --keys keys)" 'alpha\+beta'
ok "a campaign with roles runs" run pattern
runs pattern.1 >got
is "every run is one result of both hosts" "$(jq -r '[.host, .state, .parameters.n] | join(" ")' got | sort | uniq -c | awk '{$1=$1; print}' | tr '\n' ';')" \
	"3 alpha+beta done 1;3 alpha+beta done 3;"
is "metrics are taken from the role that they name" "$(jq -r '[.parameters.n, .metrics.requests, .metrics.served] | join(" ")' got | sort -u | tr '\n' ';')" "1 1 1;3 3 3;"
ok "times are main's, and each role has its own" jq -es 'all(.[]; .metrics.time == .metrics["client.time"] and .metrics["server.time"] > 0)' got
ok "the server is measured while main runs" jq -es 'all(.[]; .metrics["server.time"] < 1 + 3 * .metrics.time)' got
ok "work is of all" jq -es 'all(.[]; .metrics.throughput > 0)' got
ok "and each role's time and energy is told by it" jq -es 'def near(b): (. - b | fabs) <= 1e-6 * b;
	all(.[].metrics; . as $m | .["server.time.per_work"] | near($m["server.time"] / $m.requests))' got
like "what compare asks for and nothing measured is told" "$(joulerig compare pattern.1 --coordinator "$ADDRESS" --keys keys)" \
	'not compared: server.energy.package.per_work: no run has it'
like "with which host is which" "$(joulerig results pattern.1 --coordinator "$ADDRESS" --keys keys)" 'rpc on alpha\+beta \(server\+client\), client: '
is "both hosts take part" "$(sqlite3 c.db 'SELECT role, count(*), group_concat(DISTINCT state) FROM part GROUP BY role' 2>/dev/null || echo skip)" \
	"$(command -v sqlite3 >/dev/null && printf 'client|6|done\nserver|6|done' || echo skip)"
joulerig export pattern.1 --what parts --coordinator "$ADDRESS" --keys keys >parts
is "what each host told is exported, in the order of runs and roles" "$(jq -r '[.run, .role, .host, .state, .attempt] | join(" ")' parts | head -n 3 | tr '\n' ';')" \
	"1 server alpha done 1;1 client beta done 1;2 server alpha done 1;"
is "of all runs" "$(wc -l <parts)" 12
is "and as CSV" "$(joulerig export pattern.1 --what parts --format csv --db c.db | sed -n '1p;2p' | cut -d, -f1-5 | tr '\n' ';')" \
	"campaign,run,role,host,state;pattern.1,1,server,alpha,done;"
like "results are of the hosts together" "$(joulerig results pattern.1 --coordinator "$ADDRESS" --keys keys)" 'alpha\+beta'

roles port beta alpha "port: $PORT" '' lives 1 >port.yaml
ok "ready may be a port" run port
is "and both runs are done" "$(runs port.1 | jq -r '[.host, .state] | join(" ")' | sort | uniq -c | awk '{$1=$1; print}')" "2 beta+alpha done"

roles client alpha beta "pattern: '^listening'" ', "7"' lives 1 >client.yaml
fails "main may fail" 1 run client
like "and the result says who" "$(sqlite3 c.db "SELECT reason FROM run r JOIN campaign c ON c.id = r.campaign WHERE c.name = 'client'" 2>/dev/null || joulerig runs client.1 --failed --coordinator "$ADDRESS" --keys keys)" \
	'client on beta: .*7.*no'

roles server alpha beta "pattern: '^listening'" '' dies 1 >server.yaml
fails "a server that dies fails the run" 1 run server
is "of one request it had served enough before" "$(runs server.1 | jq -r .state | sort -u)" failed

roles ready alpha beta "pattern: '^never', timeout: 1s" '' lives 1 | sed 's/, timeout: 60s//' >ready.yaml
fails "a server that is never ready fails the run" 1 run ready
like "and the result says so" "$(joulerig runs ready.1 --failed --coordinator "$ADDRESS" --keys keys)" 'server on alpha'

roles bind alpha beta "pattern: '^listening'" '' lives 1 | sed 's/command: .python3, rpc.server.py.*/command: [sh, -c, "echo no port {n} >\&2; exit 3"]/' >bind.yaml
fails "so does one that ends before it is ready" 1 run bind
is "and what it printed is told once" "$(joulerig runs bind.1 --coordinator "$ADDRESS" --keys keys --format ndjson | jq -r .reason | grep '1$')" \
	"server on alpha: ended before it was ready: exit status 3; it printed last: no port 1"

# Two campaigns want the same two hosts in opposite roles, and a third wants each alone.
roles there alpha beta "pattern: '^listening'" '' lives 6 >there.yaml
roles back beta alpha "pattern: '^listening'" '' lives 6 >back.yaml
cat >alone.yaml <<'YAML'
campaign: alone
matrix: {n: [1, 2]}
benchmarks: {true: {command: [/bin/sh, -c, 'exit 0 {n}']}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 6}
YAML
for c in there back alone; do joulerig submit $c.yaml --coordinator "$ADDRESS" --keys keys >/dev/null; done
for c in there back alone; do ok "$c is over" joulerig watch $c.1 --coordinator "$ADDRESS" --keys keys; done
is "all runs of all three are done exactly once" "$(for c in there back alone; do runs $c.1 | jq -r '[.campaign, .host, .state] | join(" ")'; done | sort | uniq -c | awk '{$1=$1; print}' | tr '\n' ';')" \
	"12 alone.1 alpha done;12 alone.1 beta done;12 back.1 beta+alpha done;12 there.1 alpha+beta done;"
done_testing
