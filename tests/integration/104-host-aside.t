# A run that takes its host down is given up after three times; a host on which everything fails that others do is set aside, and a
# benchmark that is broken everywhere sets nobody aside.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT
tells() { joulerig "$@" --db c.db --keys keys; }
one() { sqlite3 c.db "$1"; }
submit() { joulerig submit "$1" --coordinator "$ADDRESS" --server-key "$SERVER_KEY" --keys keys 2>/dev/null; }
host() { joulerig hosts "$1" --db c.db --keys keys --format csv | sed 1d | cut -d, -f2,13; }

# ---- quarantine ----

start_coordinator
start_agent lab1
wait_for 60 grep -q 'lab1 is connected' serve.log
# The run says whom it runs under when it has begun, and is what an agent dies with.
cat >killer.yaml <<E
campaign: killer
benchmarks:
  killer: {command: [sh, -c, "echo >>$PWD/begun; sleep 600"]}
  tame: {command: [sh, -c, "[ -e $PWD/done ]"]}
repeat: {warmup: 0, blocks: 1}
order: sequential
E
: >begun
: >done
submit killer.yaml
joulerig watch killer --db c.db --keys keys 2>watch.log &
WATCH=$!
die() { # N: lab1's agent dies with the run, for the N-th time
	wait_for 120 sh -c "[ \$(wc -l <begun) -ge $1 ]"
	wait_for 120 sh -c '[ "$(sqlite3 c.db "SELECT count(*) FROM run WHERE state = '"'running'"'")" = 1 ]'
	kill_agent lab1
}
die 1
start_agent lab1
die 2
# The count is the store's.
kill_coordinator
start_coordinator
start_agent lab1
# That one was lost while there was no coordinator: it does not count.
wait_for 120 sh -c '[ $(wc -l <begun) -ge 3 ]'
counted() { one "SELECT count(*) FROM event WHERE kind = 'host_lost'"; }
n=$(counted)
while [ "$n" -lt 3 ]; do
	die $((n + 1))
	start_agent lab1
	wait_for 120 sh -c "[ \"\$(sqlite3 c.db \"SELECT count(*) FROM event WHERE kind = 'host_lost'\")\" -gt $n ]" || break
	n=$(counted)
done
wait "$WATCH"
is 'watch says that a run failed' $? 1
is 'a run that its host was lost with three times has failed' \
	"$(one "SELECT state, substr(reason, 1, 48) FROM run WHERE configuration = 0")" 'failed|quarantined: its host was lost with it 3 times: '
like 'who watches is told' "$(cat watch.log)" '^run 1 is quarantined: its host was lost with it 3 times: .*lab1: its agent was started anew'
is 'the other one was done' "$(one "SELECT state FROM run WHERE configuration = 1")" done
is 'what only waited is not counted' "$(one "SELECT DISTINCT run FROM event WHERE kind = 'host_lost'")" 1
is 'nor does it speak against the host' "$(host lab1)" 'idle,'

# ---- set aside ----

start_agent lab2
start_agent lab3
wait_for 60 sh -c '[ "$(grep -c "is connected" serve.log)" -ge 3 ]'
# lab2 fails all of it from the second block on; it begins that when the others have done some.
cat >mixed.yaml <<E
campaign: mixed
matrix: {n: [1, 2, 3]}
benchmarks:
  mixed: {command: [sh, -c, "[ {host.name} != lab2 ] || { until [ -e $PWD/bad ]; do sleep 0.05; done; exit 7; }"]}
repeat: {warmup: 0, blocks: 20}
E
submit mixed.yaml
wait_for 120 sh -c '[ "$(sqlite3 c.db "SELECT count(*) FROM run r JOIN campaign c ON c.id = r.campaign WHERE c.name = '"'mixed'"' AND r.state = '"'done'"'")" = 120 ]'
: >bad
wait_for 120 sh -c 'joulerig hosts lab2 --db c.db --keys keys | grep -q aside'
wait_for 120 sh -c '[ -z "$(joulerig hosts lab2 --db c.db --keys keys --format csv | sed 1d | cut -d, -f3)" ]'
is 'a host that fails everything is set aside' "$(host lab2)" 'idle,aside'
like 'why, and what to do' "$(tells hosts lab2)" \
	"lab2 is set aside since .*: the last 5 runs on it failed, while other hosts do what they ran; the last one: exit status 7.*'joulerig admit lab2'"
like 'in the log too' "$(cat serve.log)" "host lab2 is set aside: the last 5 runs .*'joulerig admit lab2'"
like 'its failures stay what they are, and it gets no more' "$(one "SELECT r.state, count(*) FROM run r JOIN host h ON h.id = r.host
	JOIN campaign c ON c.id = r.campaign WHERE h.name = 'lab2' AND c.name = 'mixed' AND r.state NOT IN ('queued') GROUP BY r.state")" '^failed\|[56]$'
like 'the campaign waits for it' "$(tells status)" 'mixed.1 waits for lab2 \(set aside\)'
kill_coordinator
start_coordinator
wait_for 120 grep -q 'lab2 is connected' serve.log
is 'it is so after a restart' "$(host lab2)" 'idle,aside'
ok 'admit takes it back' tells admit lab2
fails 'the campaign ends, with failed runs' 1 joulerig watch mixed --db c.db --keys keys
# After the restart nobody else has anything left of it to be compared with.
is 'all its runs were tried' "$(one "SELECT count(*) FROM run r JOIN campaign c ON c.id = r.campaign WHERE c.name = 'mixed' AND r.result IS NULL")" 0

cat >broken.yaml <<E
campaign: broken
matrix: {n: [1, 2, 3]}
benchmarks: {broken: {command: [sh, -c, "exit 3"]}}
repeat: {warmup: 0, blocks: 10}
E
submit broken.yaml
fails 'a benchmark that is broken everywhere runs to its end' 1 joulerig watch broken --db c.db --keys keys
is 'and sets nobody aside' "$(one "SELECT count(*) FROM host WHERE admission IS NOT NULL")" 0
done_testing
