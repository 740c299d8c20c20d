# A campaign is paused, resumed and cancelled while its runs go on: on a coordinator with an agent, and inside 'run'.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

# Each run writes that it began, and goes on until its file is there: the test decides how long it takes.
cat >c.yaml <<'YAML'
campaign: slow
matrix: {n: [1, 2, 3]}
benchmarks: {wait: {command: [/bin/sh, -c, 'echo $$ {n} >>"$0/began"; until [ -e "$0/go" ]; do sleep 0.02; done', PLACE]}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 2}
order: sequential
YAML
sed -i "s|PLACE|$PWD/place|" c.yaml
mkdir place
state() { at status "$1" --format ndjson | jq -r .state; }
is_state() { [ "$(state "$1")" = "$2" ]; }
began() { [ "$(wc -l <place/began 2>/dev/null || echo 0)" -ge "$1" ]; }
gone() { ! kill -0 "$(tail -n 1 place/began | cut -d' ' -f1)" 2>/dev/null; }
sql() { sqlite3 c.db "$1"; }

start_coordinator
start_agent alpha
label=$(at submit c.yaml)
wait_for 60 began 1
like "pause says what becomes of it" "$(at pause slow 2>&1)" '^slow\.1  paused, what runs is let end$'
is "status shows it" "$(state slow.1)" paused
at watch slow.1 2>watch.log &
watcher=$!
ok "watch of it says so" wait_for 60 grep -q 'paused.*joulerig resume slow\.1' watch.log
is "what waited at the agent waits in the store" "$(sql "SELECT count(*) FROM run WHERE state = 'queued'")" 1
touch place/go
ok "what ran is let end and counts" wait_for 60 sh -c "[ \"\$(sqlite3 c.db \"SELECT count(*) FROM run WHERE state = 'done'\")\" = 1 ]"
rm place/go
kill_coordinator
start_coordinator
like "a coordinator that is started anew keeps it paused" "$(cat serve.log)" 'slow\.1 is paused: 1 of'
wait_for 60 sh -c "joulerig hosts --coordinator $ADDRESS --keys keys --format ndjson | jq -e '.state == \"idle\"'"
is "still paused" "$(state slow.1)" paused
is "and nothing began meanwhile" "$(wc -l <place/began)" 1

like "resume goes on with it" "$(at resume 2>&1)" '^slow\.1  running'
ok "the next run begins" wait_for 60 began 2
like "pause --now" "$(at pause slow.1 --now 2>&1)" '^slow\.1  paused$'
ok "ends what runs" wait_for 60 gone
is "and keeps it for later" "$(sql "SELECT count(*) FROM run WHERE state IN ('assigned', 'running')")" 0
like "pausing again changes nothing" "$(at pause slow.1 2>&1)" 'paused'
fails "a campaign that is not there" 2 joulerig pause slow.7 --coordinator "$ADDRESS" --keys keys
like "its message names the nearest" "$(at pause slow.7 2>&1)" "slow\.1"

touch place/go
at resume slow.1 2>/dev/null
ok "watch follows it to the end" wait "$watcher"
is "every run has one result" "$(sql "SELECT count(*), sum(result IS NOT NULL), sum(state = 'done') FROM run")" '6|6|6'
is "no attempt counts as lost" "$(sql "SELECT count(*) FROM attempt WHERE state = 'lost'")" 0
fails "what has ended cannot be paused" 4 joulerig pause slow.1 --coordinator "$ADDRESS" --keys keys
rm -f place/go place/began
at submit c.yaml >/dev/null
wait_for 60 began 1
at pause slow.2 2>/dev/null
ok "cancel of a paused one" at cancel slow.2
ok "ends what runs" wait_for 60 gone
is "nothing of it is left" "$(sql "SELECT count(*) FROM run WHERE campaign = 2 AND state IN ('queued', 'assigned', 'running')")" 0

# Inside 'run': another terminal names the store.
rm -f place/go place/began
joulerig run c.yaml --db here.db >here.out 2>here.log &
run=$!
wait_for 60 began 1
like "pause asks the run that has the store" "$(joulerig pause slow --db here.db --now 2>&1)" '^slow\.1  paused$'
ok "the run says so" wait_for 60 grep -q 'paused' here.log
kill -INT "$run"; wait "$run"
is "an interrupted run stays paused" "$(sqlite3 here.db 'SELECT state FROM campaign')" paused
touch place/go
ok "resume goes on with it here" joulerig resume slow.1 --db here.db
is "to its end" "$(sqlite3 here.db "SELECT count(*), sum(state = 'done') FROM run")" '6|6'

rm -f place/go place/began
joulerig run c.yaml --db here.db >here.out 2>here.log &
run=$!
wait_for 60 began 1
kill -INT "$run"; wait "$run"
like "a file that nobody has can be paused" "$(joulerig pause slow.2 --db here.db 2>&1)" 'slow\.2  paused'
is "and is" "$(sqlite3 here.db 'SELECT state FROM campaign WHERE id = 2')" paused
ok "and cancelled" joulerig cancel slow.2 --db here.db
is "which leaves no run waiting" "$(sqlite3 here.db "SELECT DISTINCT state FROM run WHERE campaign = 2")" cancelled
is "status counts them as ended" "$(joulerig status slow.2 --db here.db --format ndjson | jq -c '[.state, .done]')" \
	"$(sqlite3 here.db "SELECT '[\"cancelled\",' || count(*) || ']' FROM run WHERE campaign = 2")"
fails "resume of what has ended" 2 joulerig resume slow.2 --db here.db
done_testing
