# /healthz and /metrics: what they say, in which form, and that nobody who asks can keep the coordinator from its work.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
command -v python3 >/dev/null || skip_all 'python3 is not there'
. "$TOP/tests/small_disk.sh"
DB=c.db
small_disk disk 96m && DB=disk/c.db
trap stop_cluster EXIT
check() { "$TOP/tests/tools/check-metrics"; }

# ---- the check itself ----

bad() { # NAME PAGE: it is refused
	if printf "$2" | check >/dev/null; then fail "refused: $1"; else pass "refused: $1"; fi
}
good='# HELP a_seconds_total A.\n# TYPE a_seconds_total counter\na_seconds_total{b="\\"c"} 1.5\n'
is 'a page as it should be' "$(printf "$good" | check)" ''
bad 'no HELP' '# TYPE a_total counter\na_total 1\n'
bad 'a counter without _total' '# HELP a A.\n# TYPE a counter\na 1\n'
bad 'a gauge with it' '# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n'
bad 'no end of line' '# HELP a A.\n# TYPE a gauge\na 1'
bad 'a quote in a label' '# HELP a A.\n# TYPE a gauge\na{b="c"d"} 1\n'
bad 'a series twice' '# HELP a A.\n# TYPE a gauge\na{b="c"} 1\na{b="c"} 2\n'
bad 'milliseconds' '# HELP a_milliseconds A.\n# TYPE a_milliseconds gauge\na_milliseconds 1\n'
bad 'a number with a unit' '# HELP a A.\n# TYPE a gauge\na 1s\n'
bad 'a histogram without +Inf' '# HELP a A.\n# TYPE a histogram\na_bucket{le="1"} 1\na_sum 1\na_count 1\n'
bad 'buckets that fall' '# HELP a A.\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n'
bad 'families in pieces' '# HELP a A.\n# TYPE a gauge\na 1\n# HELP b B.\n# TYPE b gauge\nb 1\na{c="d"} 1\n'

# ---- off, and wrong addresses ----

serve() { timeout 60 joulerig serve --listen tcp://127.0.0.1:0 --db x.db --keys xkeys "$@"; }
for address in '*:1' 'lab.example:7711' '127.0.0.1:70000' '127.0.0.1:x' '[::1'; do
	fails "'$address' is no address" 2 serve --http "$address"
done
like 'why, and what is' "$(serve --http lab.example:1 2>&1)" "http: 'lab.example:1' is no address in numbers; expected such as 127.0.0.1:7711"

# ---- a coordinator at work ----

HTTP=127.0.0.1:0
start() { # start_coordinator, with --http
	: >serve.log
	joulerig serve --listen "$LISTEN" --http "$HTTP" --db "$DB" --keys keys 2>>serve.log &
	SERVE_PID=$!
	wait_for 120 grep -q 'listening on' serve.log || { diag serve.log; return 1; }
	ADDRESS=$(sed -n 's/.*listening on \([^,]*\),.*/\1/p' serve.log)
	LISTEN=$ADDRESS
	SERVER_KEY=$(joulerig key show --keys keys)
	HTTP=$(sed -n 's|.*http://\([^/]*\)/.*|\1|p' serve.log)
	PORT=${HTTP##*:}
}
submit() { joulerig submit "$1" --coordinator "$ADDRESS" --server-key "$SERVER_KEY" --keys keys >/dev/null 2>&1; }
ask() { # METHOD PATH: the answer, without carriage returns
	exec 3<>"/dev/tcp/127.0.0.1/$PORT" || return 1
	printf '%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$1" "$2" >&3
	timeout 60 cat <&3 | tr -d '\r'
	exec 3>&-
}
body() { ask GET "$1" | sed '1,/^$/d'; }
status() { ask "$1" "$2" | sed -n '1s/^HTTP\/1.1 \([0-9]*\).*/\1/p'; }
is_health() { [ "$(status GET /healthz)" = "$1" ]; }
value() { body /metrics | awk -v want="$1" '{ n = $NF; sub(/ [^ ]*$/, ""); if ($0 == want) print n }'; }
is_value() { [ "$(value "$1")" = "$2" ]; }
start
like 'the log tells the port' "$(cat serve.log)" 'http://127\.0\.0\.1:[1-9][0-9]*/ has /healthz and /metrics'
ok 'it is well' wait_for 60 is_health 200
start_agent lab1
wait_for 60 grep -q 'lab1 is connected' serve.log
cat >nightly.yaml <<E
campaign: nightly
benchmarks: {good: {command: ["true"]}, bad: {command: ["false"]}}
repeat: {warmup: 0, blocks: 3}
E
submit nightly.yaml
joulerig watch nightly --db "$DB" --keys keys >/dev/null 2>&1
ok 'done runs are counted' wait_for 60 is_value 'joulerig_run_results_total{state="done"}' 3
is 'failed ones too' "$(value 'joulerig_run_results_total{state="failed"}')" 3
is 'by host' "$(value 'joulerig_host_results_total{host="lab1"}')" 6
is 'the host is there' "$(value 'joulerig_host_up{host="lab1"}')" 1
is 'and takes runs' "$(value 'joulerig_host_takes_runs{host="lab1"}')" 1
ok 'it is idle' wait_for 60 is_value 'joulerig_hosts{state="idle"}' 1
is 'nothing waits' "$(value 'joulerig_runs{state="queued"}') $(value joulerig_queue_runs) $(value 'joulerig_campaigns{state="running"}')" '0 0 0'
like 'commits took their time' "$(value joulerig_store_commit_duration_seconds_count)" '^[1-9]'
is 'the store is as large as it is' "$(value joulerig_store_size_bytes)" "$(stat -c %s "$DB")"
like 'the process has memory' "$(value process_resident_memory_bytes)" '^[1-9][0-9]{6,}$'
body /metrics >page
is 'the page is as Prometheus wants it' "$(check <page)" ''
if command -v promtool >/dev/null; then
	is 'promtool says the same' "$(promtool check metrics <page 2>&1)" ''
else
	skip 'promtool says the same' 'it is not installed'
fi
missing=$(grep -ohE "\"(joulerig|process)_[a-z_]+\"" "$TOP"/coordinator/http/*.c | tr -d "\"" | sed -E "s/_(bucket|sum|count)\$//" | sort -u |
	while read -r name; do grep -q "^| \`$name\`" "$TOP/docs/monitoring.md" || echo "$name"; done)
is 'each metric is in docs/monitoring.md' "$missing" ''
like 'its type' "$(ask GET /metrics)" '^Content-Type: text/plain; version=0\.0\.4; charset=utf-8$'
like 'health tells more' "$(body /healthz)" '"status": "ok".*"epoch": 1, "hosts_connected": 1'
like 'there is a page' "$(ask GET /)" 'href="/metrics"'
is 'other paths' "$(status GET /nightly)" 404
is 'other methods' "$(status POST /metrics) $(status DELETE /healthz)" '405 405'
is 'HEAD has no body' "$(ask HEAD /metrics | sed '1,/^$/d')" ''
is 'and the same status' "$(status HEAD /metrics) $(status HEAD /nix)" '200 404'

# ---- a campaign that goes on ----

cat >long.yaml <<E
campaign: long
benchmarks: {long: {command: [sh, -c, "until [ -e $PWD/go ]; do sleep 0.05; done"]}}
repeat: {warmup: 0, blocks: 4}
E
submit long.yaml
ok 'a run goes on' wait_for 60 is_value 'joulerig_runs{state="running"}' 1
is 'its campaign too, with all that is to come' "$(value 'joulerig_campaigns{state="running"}') $(value joulerig_queue_runs)" '1 4'
is 'what is in its hands' "$(value 'joulerig_hosts{state="running"}') $(value 'joulerig_host_assigned_runs{host="lab1"}')" '1 2'

# ---- clients that mean no good ----

"$TOP/tests/tools/http-crowd" "$PORT" 100 >crowd.log 2>&1 &
CROWD=$!
ok 'a hundred connections come and say half a word' wait_for 60 grep -q crowded crowd.log
: >go
ok 'they keep no run from ending' joulerig watch long --db "$DB" --keys keys
kill "$CROWD"
wait "$CROWD" 2>/dev/null
ok 'when they are gone it answers' wait_for 60 is_health 200
printf '\0\1garbage\r\n\r\n' 2>/dev/null >"/dev/tcp/127.0.0.1/$PORT"
{ head -c 100000 /dev/zero | tr '\0' a >"/dev/tcp/127.0.0.1/$PORT"; } 2>/dev/null
ok 'garbage and endless headers do no harm' wait_for 60 is_health 200

# ---- trouble ----

if [ "$DB" = disk/c.db ]; then
	fill disk
	{
		echo "campaign: large"
		echo "matrix: {n: [$(seq -s, 3000)]}"
		echo "benchmarks: {large: {command: [\"true\"]}}"
	} >large.yaml
	submit large.yaml
	ok 'where the disk is full it is not well' wait_for 60 is_health 503
	like 'and says why' "$(body /healthz)" '"status": "failing", "reason": "store: disk/c\.db: no space left on device'
	is 'metrics tell it' "$(value joulerig_store_writable) $(value joulerig_store_failures_total)" '0 1'
	is 'in their form' "$(body /metrics | check)" ''
	make_room disk
	ok 'with room again it is well' wait_for 60 is_health 200
else
	skip 'a full disk' 'no file system can be mounted here'
fi
kill_agent lab1
ok 'a host that is gone is not up' wait_for 60 is_value 'joulerig_host_up{host="lab1"}' 0
kill_coordinator
start
ok 'after a restart the same port answers' wait_for 60 is_health 200
[ "$(value joulerig_store_epoch)" -ge 2 ]
is 'its epoch is a higher one' $? 0
fails 'a second one there is refused' 4 serve --http "$HTTP"
like 'and told what to do' "$(serve --http "$HTTP" 2>&1)" 'http: cannot listen on 127\.0\.0\.1:[0-9]*: Address already in use; another program does'
kill -TERM "$SERVE_PID"
wait "$SERVE_PID"
is 'it ends in order' $? 0

# ---- as a service that sees processes alone of /proc (ProcSubset=pid) ----

if unshare -rm mount --bind /dev/null /proc/stat 2>/dev/null; then
	unshare -rm sh -c 'mount --bind /dev/null /proc/stat && exec "$@"' sh joulerig serve --listen "$LISTEN" --http "$HTTP" --db x.db --keys xkeys 2>serve.log &
	SERVE_PID=$!
	wait_for 120 grep -q 'listening on' serve.log
	like 'it tells of itself all the same' "$(value process_cpu_seconds_total) $(value process_start_time_seconds)" '^[0-9.]+ [1-9][0-9]{8}'
	kill -TERM "$SERVE_PID"
	wait "$SERVE_PID"
else
	skip 'it tells of itself all the same' 'no namespace of mounts can be made here'
fi
done_testing
