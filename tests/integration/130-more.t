# More of a campaign that ended: further blocks, and what failed again; with a coordinator, through its death, and where nobody has the store.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

# A run fails while PLACE/bad-N is there, and waits while PLACE/wait is; each leaves a line.
mkdir place
body='echo $1 >>PLACE/began; until [ ! -e PLACE/wait ]; do sleep 0.02; done; [ ! -e PLACE/bad-$1 ] && echo answer $1'
cat >c.yaml <<YAML
campaign: more
matrix: {n: [1, 2]}
benchmarks: {prog: {command: [/bin/sh, -c, '$body', run, "{n}"], metrics: {answer: {pattern: 'answer (\\d+)'}}}}
measure: {energy: off}
repeat: {warmup: 1, blocks: 2}
teardown: {command: [/bin/sh, -c, 'echo down >>PLACE/down']}
YAML
sed -i "s|PLACE|$PWD/place|g" c.yaml
run_it() { local l; l=$(at "$@") && at watch "$l" 2>>watch.log; printf '%s\n' "$l"; }
sql() { sqlite3 "${2:-c.db}" "$1"; }
began() { [ "$(wc -l <place/began)" -ge "$1" ]; }
states() { sql "SELECT group_concat(state || '=' || n, ' ') FROM (SELECT state, count(*) AS n FROM run WHERE campaign = $1 AND block > 0 GROUP BY state ORDER BY state)" "${2:-c.db}"; }

start_coordinator
start_agent alpha
touch place/bad-2
run_it submit c.yaml >/dev/null
is "half of it failed" "$(states 1)" 'done=2 failed=2'
rm place/bad-2

# What failed.
: >place/began
touch place/wait
like "rerun --failed goes on with it" "$(at rerun more --failed 2>&1)" '^more\.1  running, 4 of 6 runs ended$'
wait_for 60 began 1
like "once" "$(at rerun more.1 --failed 2>&1)" 'more\.1 has not ended: it is running'
kill_coordinator
start_coordinator
rm place/wait
ok "it ends well, through a coordinator's death" at watch more.1
is "nothing is failed any more" "$(states 1)" 'done=4'
is "only that ran again" "$(sort -u place/began)" 2
is "what failed stays with its attempt" "$(sql "SELECT group_concat(state || json_extract(late, '\$.state'), ' ') FROM attempt WHERE late IS NOT NULL")" 'lostfailed lostfailed'
is "attempts go on" "$(sql "SELECT min(attempt) FROM run WHERE campaign = 1 AND configuration = 1 AND block > 0")" 2
is "why it had failed is told" "$(sql "SELECT count(*) FROM event WHERE kind = 'again' AND text LIKE 'attempt 1 does not count any more: failed: %'")" 2
is "the counts are those of now" "$(at status more.1 --format ndjson | jq -c '[.done, .failed, .state]')" '[6,0,"done"]'
like "nothing is left to do again" "$(at rerun more.1 --failed 2>&1)" 'no counted run of more\.1 failed'
fails "which is the user's mistake" 2 joulerig rerun more.1 --failed --coordinator "$ADDRESS" --keys keys
fails "it takes no options of a new one" 2 joulerig rerun more.1 --failed --blocks 3 --coordinator "$ADDRESS" --keys keys

# Further blocks.
downs=$(wc -l <place/down)
like "extend" "$(at extend more.1 --blocks 3 2>&1)" '^more\.1  running, 6 of 12 runs ended$'
ok "runs to its end" at watch more.1
is "with all of its blocks" "$(sql "SELECT group_concat(block || ':' || n, ' ') FROM (SELECT block, count(*) AS n FROM run WHERE state = 'done' OR block = 0 GROUP BY block)")" '0:2 1:2 2:2 3:2 4:2 5:2'
is "numbers go on" "$(sql 'SELECT count(DISTINCT id), max(id & 0xffffff) FROM run')" '12|12'
is "its changes say so" "$(sql 'SELECT changes FROM campaign')" '{"blocks":5}'
is "hosts tear down once more" "$(($(wc -l <place/down) - downs))" 1
like "results are of all" "$(at results more.1 --format ndjson 2>/dev/null | head -n 1 | jq -c '[.n, .runs]' )" '5'
touch place/wait
: >place/began
at extend more.1 --blocks 1 2>/dev/null
wait_for 60 began 1
like "extend what goes on" "$(at extend more.1 --blocks 2 2>&1)" 'running, 12 of 18 runs ended'
kill_coordinator
start_coordinator
rm place/wait
at watch more.1 2>/dev/null
is "through a coordinator's death" "$(sql "SELECT count(*), max(block), json_extract(changes, '\$.blocks') FROM run JOIN campaign c ON c.id = campaign WHERE run.state = 'done' OR block = 0")" '18|8|8'
fails "how many is to be said" 2 joulerig extend more.1 --coordinator "$ADDRESS" --keys keys
fails "as many as there may be" 2 joulerig extend more.1 --blocks 100000000 --coordinator "$ADDRESS" --keys keys

# Orders and ends of their own.
sed 's/warmup: 1, blocks: 2}/warmup: 0, blocks: 2, order: sequential}/; s/campaign: more/campaign: line/; s/blocks: 2, order: sequential}/blocks: 2}\norder: sequential/' c.yaml >line.yaml
run_it submit line.yaml >/dev/null
at extend line --blocks 1 2>/dev/null
at watch line.1 2>/dev/null
is "of sequential ones each configuration" "$(sql "SELECT group_concat(configuration || ':' || n, ' ') FROM (SELECT configuration, count(*) AS n FROM run JOIN campaign c ON c.id = campaign WHERE c.name = 'line' AND run.state = 'done' GROUP BY configuration)")" '0:3 1:3'
sed 's/campaign: more/campaign: short/; s/^repeat:.*/repeat: {warmup: 0, blocks: 4}\nbudget: {time: 1ms}/' c.yaml >short.yaml
run_it submit short.yaml >/dev/null
before=$(sql "SELECT max(block) FROM run JOIN campaign c ON c.id = campaign WHERE c.name = 'short'")
at extend short --blocks 1 2>/dev/null
at watch short.1 2>/dev/null
is "of what its budget ended, with a budget anew" "$before $(sql "SELECT max(block) FROM run JOIN campaign c ON c.id = campaign WHERE c.name = 'short'")" '1 2'
is "which is used up once more" "$(sql "SELECT count(*) FROM event WHERE kind = 'budget'")" 2
touch place/wait
at submit c.yaml >/dev/null
at cancel more.2
rm place/wait
like "what was cancelled is submitted again" "$(at extend more.2 --blocks 1 2>&1)" "more\.2 was cancelled; 'joulerig rerun more\.2'"
like "of nothing" "$(at extend other.1 --blocks 1 2>&1)" "other"

# Hosts that are gone.
start_agent beta
wait_for 120 grep -q 'host beta is connected' serve.log
touch place/bad-1
run_it submit c.yaml --label why=gone >gone
rm place/bad-1
kill -TERM "${AGENT_PID[alpha]}" && wait "${AGENT_PID[alpha]}"
wait_for 60 grep -q 'host alpha says goodbye' serve.log
gone=$(cat gone)
at rerun "$gone" --failed 2>said
like "rerun --failed says who is away" "$(cat said)" "^$gone (waits for|goes on without) alpha \(offline\)$"
like "since when, and what to do" "$(cat said)" '^alpha is offline, last seen [0-9-]{10}T[0-9:.]+Z: start its agent there'
like "or how to end it" "$(cat said)" "It stays in the queue until then; 'joulerig cancel $gone' ends it"
at watch "$gone" 2>watch.gone &
watch=$!
ok "watch says so, too" wait_for 120 grep -q 'waiting for alpha (offline)' watch.gone
ok "with what to do" wait_for 60 grep -q "^Ctrl-C leaves it in the queue; 'joulerig cancel $gone' ends it" watch.gone
like "and since when" "$(cat watch.gone)" '^alpha is offline, last seen [0-9-]{10}T'
start_agent alpha
ok "it ends when the agent is there again" wait "$watch"
is "well" "$(at status "$gone" --format ndjson | jq -c '[.done, .failed, .state]')" '[12,0,"done"]'
joulerig export more.1 --what runs --format ndjson --coordinator "$ADDRESS" --keys keys 2>/dev/null >runs.ndjson
kill_coordinator
joulerig import runs.ndjson --as got --db c.db 2>/dev/null >/dev/null
like "what was imported cannot run" "$(joulerig extend got --blocks 1 --db c.db 2>&1)" 'got\.1 was imported'
like "nor again" "$(joulerig rerun got --db c.db 2>&1)" 'got\.1 was imported'

# Where nobody has the store.
touch place/bad-1
joulerig run c.yaml --db here.db >/dev/null 2>&1
rm place/bad-1
is "half of it failed" "$(states 1 here.db)" 'done=2 failed=2'
like "rerun --failed says how to go on" "$(joulerig rerun more --failed --db here.db 2>&1)" "more\.1  2 of its runs are queued again; 'joulerig resume more\.1 --db here\.db' goes on"
like "extend, too" "$(joulerig extend more --blocks 1 --db here.db 2>&1)" "more\.1  3 blocks in all; 'joulerig resume more\.1 --db here\.db'"
ok "resume does" joulerig resume more --db here.db
is "to its end" "$(states 1 here.db)" 'done=6'
ok "rerun runs here" joulerig rerun more.1 --db here.db --blocks 1
is "as a new submission" "$(states 2 here.db)" 'done=2'
done_testing
