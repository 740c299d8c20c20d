# Fifty agents of two simulator processes against one coordinator: every run is done once, told as committed once, and in the store
# once; a coordinator that is killed in the middle takes up what it had. No figures here: those are of `make bench`.
. "$TOP/tests/lib.sh"
AGENTS=50
BLOCKS=40
[ -x "$BUILD/bench/swarm" ] || skip_all 'the simulator of agents was not built'
[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -gt 300 ] || skip_all "no more than $(ulimit -Hn) open files are allowed"
ulimit -Sn "$(ulimit -Hn)"

"$BUILD/bench/swarm" keys keys secrets $AGENTS
joulerig-agent inventory --format json >inventory.json
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT
start_coordinator || { fail 'the coordinator starts'; done_testing; exit; }
for i in 1 2; do
	: >"swarm.$i"
	"$BUILD/bench/swarm" agents "$ADDRESS" "$SERVER_KEY" secrets $(((i - 1) * AGENTS / 2 + 1)) $((AGENTS / 2)) inventory.json >"swarm.$i" 2>"swarm.$i.log" &
	AGENT_PID[$i]=$!
done
for i in 1 2; do ok "the agents of process $i are welcome" wait_for 120 grep -q ready "swarm.$i"; done

cat >many.yaml <<YAML
campaign: many
benchmarks: {"true": {command: [/bin/true]}, "again": {command: [/bin/true]}}
measure: {energy: off}
repeat: {warmup: 0, blocks: $BLOCKS}
YAML
RUNS=$((AGENTS * BLOCKS * 2))
ended() { [ "$(sqlite3 c.db "SELECT state FROM campaign WHERE name = '$1'")" = done ]; }
counts() { # of a campaign: runs, runs that are done, runs with a result, hosts, most runs of a host and configuration
	sqlite3 -separator ' ' c.db "SELECT count(*), sum(r.state = 'done'), sum(r.result IS NOT NULL), count(DISTINCT r.host),
		(SELECT max(n) FROM (SELECT count(*) n FROM run WHERE campaign = c.id GROUP BY host, configuration))
		FROM run r JOIN campaign c ON c.id = r.campaign WHERE c.name = '$1'"
}
ok 'a campaign of some thousand runs is submitted' joulerig submit many.yaml --coordinator "$ADDRESS" --keys keys
ok 'it comes to its end' wait_for 300 ended many
is 'each host did each configuration once a block' "$(counts many)" "$RUNS $RUNS $RUNS $AGENTS $BLOCKS"
is 'none needed a second attempt' "$(sqlite3 c.db 'SELECT count(*), max(attempt) FROM attempt')" "$RUNS|1"

sed 's/^campaign: many/campaign: killed/' many.yaml >killed.yaml
ok 'another one is submitted' joulerig submit killed.yaml --coordinator "$ADDRESS" --keys keys
begun() { [ "$(sqlite3 c.db "SELECT count(*) FROM run r JOIN campaign c ON c.id = r.campaign WHERE c.name = 'killed' AND r.state = 'done'")" -gt 100 ]; }
ok 'it gets going' wait_for 120 begun
kill_coordinator
start_coordinator || fail 'the coordinator starts again'
ok 'a coordinator that was killed goes on to the end' wait_for 300 ended killed
is 'each run has its result, and one' "$(counts killed)" "$RUNS $RUNS $RUNS $AGENTS $BLOCKS"

for i in 1 2; do
	kill -TERM "${AGENT_PID[$i]}"
	wait "${AGENT_PID[$i]}" 2>/dev/null
	is "no agent of process $i failed" "$(cat "swarm.$i.log")" ''
done
is 'the agents were told of every result' "$(cat swarm.1 swarm.2 | awk '!/ready/ { n += $1 } END { print n }')" \
	"$(sqlite3 c.db "SELECT count(*) FROM attempt WHERE state = 'done' OR late IS NOT NULL")"
AGENT_PID=()
done_testing
