# A host is drained in the middle of a campaign, and admitted again: nothing is lost, nothing is counted twice, and all who look see why
# it does nothing. An agent that is told to end lets its run end first.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT
tells() { joulerig "$@" --db c.db --keys keys; }
one() { sqlite3 c.db "$1"; }
host() { joulerig hosts "$1" --db c.db --keys keys --format csv | sed 1d | cut -d, -f2,13,14; }
in_hand() { joulerig hosts "$1" --db c.db --keys keys --format csv | sed 1d | cut -d, -f3; }
# Runs wait for a file of their host's, so that what is under way is so for as long as the test wants.
campaign() { # NAME SPREAD BLOCKS
	cat <<E
campaign: $1
hosts: {spread: $2}
matrix: {n: [1, 2]}
benchmarks: {wait: {command: [sh, -c, "until [ -e $PWD/go/{host.name} ]; do sleep 0.02; done; echo {n}"]}}
repeat: {warmup: 0, blocks: $3}
E
}
mkdir go
start_coordinator
start_agent lab1
start_agent lab2
wait_for 60 sh -c '[ "$(grep -c "is connected" serve.log)" = 2 ]'
campaign every every 4 >every.yaml
submit() { joulerig submit "$1" --coordinator "$ADDRESS" --server-key "$SERVER_KEY" --keys keys 2>>submit.log; }

ok 'a campaign is taken' submit every.yaml
wait_for 60 sh -c '[ "$(sqlite3 c.db "SELECT count(*) FROM run WHERE state = '"'running'"'")" = 2 ]'
: >go/lab2
ok 'drain' tells drain lab1 --reason 'new memory'
is 'it drains: what runs is let end' "$(host lab1)" 'running,draining,new memory'
is 'what waits there is called off' "$(one "SELECT a.state, count(*) FROM attempt a JOIN run r ON r.id = a.run JOIN host h ON h.id = r.host
	WHERE h.name = 'lab1' GROUP BY a.state ORDER BY a.state" | tr '\n' ' ')" 'assigned|1 cancelled|1 '
like 'hosts says since when, why and what to do' "$(tells hosts lab1)" "lab1 is draining since 20.*: new memory; 'joulerig admit lab1' takes it back"
: >go/lab1
wait_for 60 sh -c '[ -z "$(joulerig hosts lab1 --db c.db --keys keys --format csv | sed 1d | cut -d, -f3)" ]'
is 'drained: nothing is in hand' "$(host lab1)" 'idle,drained,new memory'
is 'the run that was under way counts' "$(one "SELECT r.run, r.attempt FROM run r JOIN host h ON h.id = r.host WHERE h.name = 'lab1' AND r.state = 'done'")" \
	"$(one "SELECT min(r.run), 1 FROM run r JOIN host h ON h.id = r.host WHERE h.name = 'lab1'")"
wait_for 60 sh -c '[ "$(sqlite3 c.db "SELECT count(*) FROM run r JOIN host h ON h.id = r.host WHERE h.name = '"'lab2'"' AND r.state = '"'done'"'")" = 8 ]'
like 'status says for whom the campaign waits' "$(tells status)" 'every.1 waits for lab1 \(drained\)'
(timeout 20 joulerig watch every --db c.db --keys keys 2>watch.log; :) &
WATCH=$!
wait_for 20 grep -q 'waiting for lab1 (drained)' watch.log
like 'so does watch' "$(cat watch.log)" 'waiting for lab1 \(drained\)'

kill_coordinator
start_coordinator
kill_agent lab1
start_agent lab1
wait_for 60 grep -q 'lab1 is connected' serve.log
is 'it is drained after a restart of both' "$(host lab1)" 'idle,drained,new memory'
is 'and gets nothing' "$(one "SELECT count(*) FROM run WHERE state IN ('assigned', 'running')")" 0
fails "a host that is not known" 2 tells drain lab7
like 'the one that may be meant is told' "$(tells drain lab7 2>&1)" "there is no host 'lab7'; did you mean 'lab[12]'"
ok 'admit' tells admit lab1
ok 'the campaign goes on and ends' joulerig watch every --db c.db --keys keys
wait "$WATCH"
is 'all runs counted once' "$(one "SELECT count(*), sum(state = 'done'), sum(result IS NOT NULL) FROM run")" '16|16|16'
is 'nothing was lost' "$(one "SELECT count(*) FROM attempt WHERE state = 'lost'")" 0
is 'it is kept who wanted what' "$(one "SELECT kind, coalesce(text, '') FROM event WHERE campaign IS NULL AND host IS NOT NULL ORDER BY id" | tr '\n' ' ')" \
	'drained|new memory admitted| '

# --now: what runs is ended and run again; blocks that any host may run go elsewhere.
rm go/lab1 go/lab2
campaign any any 4 >any.yaml
submit any.yaml
wait_for 60 sh -c '[ "$(sqlite3 c.db "SELECT count(*) FROM run WHERE state = '"'running'"'")" = 2 ]'
: >go/lab2
ok 'drain --now' tells drain lab1 --now
wait_for 60 sh -c '[ -z "$(joulerig hosts lab1 --db c.db --keys keys --format csv | sed 1d | cut -d, -f3)" ]'
is 'nothing is in hand at once, whatever runs' "$(host lab1)" 'idle,drained,'
ok 'other hosts do its blocks' joulerig watch any --db c.db --keys keys
is 'all of them' "$(one "SELECT h.name, count(*), sum(r.state = 'done') FROM run r JOIN host h ON h.id = r.host JOIN campaign c ON c.id = r.campaign
	WHERE c.name = 'any' GROUP BY h.name")" 'lab2|8|8'
ok 'a new campaign is taken' submit any.yaml
like 'it leaves the host out, and says so' "$(cat submit.log)" '^lab1 is drained and takes no part'
joulerig watch any --db c.db --keys keys 2>/dev/null
tells drain lab2
: >submit.log
fails 'without any host it is refused' 4 submit any.yaml
like 'and what to do is told' "$(cat submit.log)" "lab1: drained \('joulerig admit lab1' takes it back\)"
tells admit lab1
tells admit lab2

# SIGTERM of an agent.
kill_agent lab1
kill_agent lab2
start_agent lab3 --drain-timeout 60s
wait_for 60 grep -q 'lab3 is connected' serve.log
campaign last every 3 | sed 's/^hosts:.*/hosts: {names: [lab3]}/' >last.yaml
submit last.yaml
wait_for 60 sh -c '[ "$(sqlite3 c.db "SELECT count(*) FROM run WHERE state = '"'running'"'")" = 1 ]'
kill -TERM "${AGENT_PID[lab3]}"
wait_for 60 grep -q 'what runs is let end' agents/lab3.log
wait_for 60 sh -c '[ "$(sqlite3 c.db "SELECT count(*) FROM attempt WHERE state = '"'cancelled'"'")" -ge 3 ]'
like 'what it says is seen' "$(tells hosts lab3)" 'lab3 takes no runs now: the agent was told to end'
: >go/lab3
wait "${AGENT_PID[lab3]}"
is 'it ends well' $? 0
is 'with its run, and begins no other' "$(one "SELECT r.state, count(*) FROM run r JOIN campaign c ON c.id = r.campaign WHERE c.name = 'last'
	GROUP BY r.state ORDER BY r.state" | tr '\n' ' ')" 'done|1 queued|1 '
rm go/lab3
start_agent lab3 --drain-timeout 60s
wait_for 60 sh -c '[ "$(sqlite3 c.db "SELECT count(*) FROM run WHERE state = '"'running'"'")" = 1 ]'
kill -TERM "${AGENT_PID[lab3]}"
wait_for 60 sh -c '[ "$(grep -c "what runs is let end" agents/lab3.log)" = 2 ]'
kill -TERM "${AGENT_PID[lab3]}"
wait "${AGENT_PID[lab3]}"
is 'a second SIGTERM ends it at once' $? 0
: >go/lab3
start_agent lab3
ok 'what it ended is run again' joulerig watch last --db c.db --keys keys
is 'and its end is not held against the run' "$(one "SELECT count(*) FROM event WHERE kind = 'host_lost'")" 0
done_testing
