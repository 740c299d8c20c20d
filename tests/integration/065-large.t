# A matrix of a million runs: submitting it keeps nobody else waiting, and a coordinator that is killed in between leaves nothing half.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

cat >small.yaml <<'YAML'
campaign: small
hosts: {names: [alpha]}
benchmarks: {true: {command: ["true"]}}
measure: {energy: off, every: 10s}
repeat: {warmup: 0, blocks: 1000000}
YAML
cat >big.yaml <<'YAML'
campaign: big
hosts: {names: [beta]}
matrix: {a: {from: 1, to: 1000, step: 1}, b: {from: 1, to: 1000, step: 1}}
benchmarks: {true: {command: ["true", "{a}", "{b}"]}}
measure: {energy: off, every: 10s}
repeat: {warmup: 0, blocks: 1}
YAML
at() { "$@" --coordinator "$ADDRESS" --keys keys; }
sql() { sqlite3 -cmd '.timeout 10000' c.db "$1"; }
runs() { sql "select count(*) from run r join campaign c on c.id = r.campaign where c.name = '$1' and $2"; }
has_runs() { [ "$(runs "$1" "$2")" -gt "$3" ]; }
peak() { awk '/VmHWM/ {print int($2 / 1024)}' "/proc/$SERVE_PID/status"; }

start_coordinator
start_agent alpha
start_agent beta
at joulerig submit small.yaml >/dev/null 2>&1
ok "a small campaign runs" wait_for 120 has_runs small "r.state = 'done'" 50

memory=$(peak) begin_ns=$(date +%s%N)
is "a million runs are submitted" "$(at joulerig submit big.yaml 2>/dev/null)" big.1
end_ns=$(date +%s%N)
third_ns=$(((end_ns - begin_ns) / 3))
meanwhile() { sql "select count(*) from attempt a join run r on r.id = a.run join campaign c on c.id = r.campaign
	where c.name = 'small' and a.started_at between $((begin_ns + third_ns)) and $((end_ns - third_ns))"; }
# However long it took: an agent that the coordinator kept waiting has no runs left in the middle of it.
has_gone_on() { [ "$(meanwhile)" -gt 0 ]; }
ok "the small campaign goes on meanwhile" wait_for 120 has_gone_on
diag <<<"$((third_ns * 3 / 1000000)) ms; $(meanwhile) runs in the middle third"
is "all configurations are there" "$(sql "select count(*) from configuration f join campaign c on c.id = f.campaign where c.name = 'big'")" 1000000
is "and all runs are meant to be" "$(sql "select total, state from campaign where name = 'big'")" "1000000|running"
ok "its first block begins" wait_for 120 has_runs big "r.state = 'done'" 20
ok "and is written as it is needed: $(runs big 1) runs so far" test "$(runs big 1)" -lt 100000
if is_sanitized; then
	skip "it is not in memory as a whole" "a sanitizer's own memory is several times as large"
else
	ok "it is not in memory as a whole" test $(($(peak) - memory)) -lt 250
fi
echo "# peak of memory: $memory MiB before, $(peak) MiB after"
sql "with t as (select a.started_at - lag(a.started_at) over (order by a.started_at) gap from attempt a
	join run r on r.id = a.run join campaign c on c.id = r.campaign where c.name = 'small')
	select '# longest time between two runs of the small one: ' || (max(gap) / 1000000) || ' ms' from t"

# Killed while it writes a third one.
sed 's/campaign: big/campaign: half/' big.yaml >half.yaml
at joulerig submit half.yaml >half.out 2>half.err &
submitter=$!
is_half() { [ "$(sql "select state from campaign where name = 'half'")" = queued ]; }
ok "a campaign is queued until all of it is written" wait_for 120 is_half
kill_coordinator
wait $submitter
is "who submitted it is told that nobody answers any more" "$?" 4
is "and got no label" "$(cat half.out)" ""
start_coordinator
is "nothing of it is left" "$(sql "select (select count(*) from campaign where name = 'half'), (select count(*) from configuration where campaign not in (select id from campaign)), (select count(*) from lane where campaign not in (select id from campaign))")" "0|0|0"

# The first block is written a thousand runs at a time, before and after a restart.
ok "the large campaign goes on" wait_for 300 has_runs big "1" 1000
kill_coordinator
rows=$(runs big 1)
start_coordinator
ok "and again" wait_for 300 has_runs big 1 "$rows"
is "no run is missing, none is there twice" \
	"$(sql "select count(*) = max(run), count(*) = count(distinct configuration) from run where campaign = (select id from campaign where name = 'big')")" "1|1"
is "the store is whole" "$(sql 'pragma foreign_key_check')" ""
ok "it is cancelled" joulerig cancel big --coordinator "$ADDRESS" --keys keys
ok "and so is the small one" joulerig cancel small --coordinator "$ADDRESS" --keys keys

done_testing
