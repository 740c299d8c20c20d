# What is due when the coordinator is there, when it was not, when nothing has changed, after a clock that was wrong; and a sweep
# through whose every step the coordinator is killed. What is due when is said in the store: the clock is nobody's to set.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
command -v sqlite3 >/dev/null || skip_all "the program sqlite3 is not installed"
trap stop_cluster EXIT
ask=(--db c.db --keys keys)
schedule() { timeout -k 5 120 joulerig schedule "$@" "${ask[@]}"; }
sql() { sqlite3 -cmd '.timeout 5000' c.db "$1" | paste -sd' '; }
sweeps() { sql "SELECT ${2:-state} FROM sweep WHERE schedule = '$1' ORDER BY id"; }
campaigns() { sql "SELECT name || '.' || number FROM campaign WHERE name = '$1' ORDER BY id"; }
add() { # NAME, CRON, more keys
	cat >"$1.yaml" <<YAML
campaign: $1
files: [data]
benchmarks: {a: {command: [cat, data]}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 2}
schedule: {cron: "$2", timezone: UTC${3:-}}
YAML
	schedule add "$1.yaml" >/dev/null 2>&1
}
due() { sql "UPDATE schedule SET next_at = (CAST(strftime('%s', 'now') AS INTEGER) + ($2)) * 1000000000 WHERE name = '$1'"; }
seldom='0 2 29 2 *'
echo one >data

start_coordinator
start_agent alpha
add now "$seldom" ', missed: skip'
add once "$seldom"
add skip "$seldom" ', missed: skip'
add all '*/20 * * * *' ', missed: all'
add back '0 2 * * *'
add calm "$seldom" ', unless: unchanged'
add later "$seldom"
ok "one ran by hand" schedule run calm
is "none is due" "$(sql "SELECT count(*) FROM sweep WHERE schedule <> 'calm'")" 0

kill_coordinator
due now 0; due once -7200; due skip -7200; due all -3599; due calm 0; due later 3600; due back 315360000
start_coordinator
settled() { [ "$(sweeps now) $(sweeps once) $(sweeps skip) $(sweeps calm)" = "done done skipped done skipped" ]; }
ok "what was due has come" wait_for 60 settled
is "on time is what is less than a minute late" "$(campaigns now)" now.1
is "missed: once runs it late" "$(campaigns once)" once.1
is "missed: skip does not" "$(campaigns skip)" ""
like "and says why" "$(sweeps skip reason)" '^missed: the coordinator was not there at 1 time up to '
is "unless: unchanged does not run the same again" "$(campaigns calm) $(sweeps calm reason)" 'calm.1  unchanged since calm.1'
all_done() { [ "$(sql "SELECT count(*) >= 2 AND min(state = 'done') FROM sweep WHERE schedule = 'all'")" = 1 ]; }
ok "missed: all runs each" wait_for 60 all_done
is "in their order" "$(sql "SELECT count(*) FROM (SELECT due_at - lag(due_at) OVER (ORDER BY id) AS d FROM sweep WHERE schedule = 'all')
	WHERE d <> 1200000000000")" 0
is "one campaign each" "$(sql "SELECT count(DISTINCT campaign) = count(*) FROM sweep WHERE schedule = 'all'")" 1
is "one that is due later has not come" "$(sweeps later)" ""
like "a clock that was years ahead is told of" "$(cat serve.log)" 'schedule back: the clock was set back by hours; it is due .* 02:00 UTC, not '
is "and what follows from it is computed anew" \
	"$(sql "SELECT next_at / 1000000000 - strftime('%s', 'now') BETWEEN 1 AND 86400 FROM schedule WHERE name = 'back'")" 1
is "the next time is far" "$(sql "SELECT min(next_at / 1000000000 - strftime('%s', 'now') > 86400) FROM schedule WHERE name IN ('now', 'once', 'skip', 'calm')")" 1

# ---- changed ----
echo two >data
schedule add calm.yaml >/dev/null 2>&1
kill_coordinator
due calm 0
start_coordinator
calm_ran() { [ "$(sweeps calm)" = "done skipped done" ]; }
ok "what has changed runs" wait_for 60 calm_ran
is "once" "$(campaigns calm)" 'calm.1 calm.2'

# ---- killed again and again ----
cat >kill.yaml <<YAML
campaign: kill
matrix: {n: {from: 1, to: 400, step: 1}}
benchmarks: {a: {command: ['true', '{n}']}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 1}
schedule: {cron: "$seldom", deadline: 3s}
YAML
schedule add kill.yaml >/dev/null 2>&1
kill_coordinator
due kill 0
for moment in 0 0.02 0.05 0.1 0.15 0.2 0.3; do
	start_coordinator
	sleep "$moment"
	kill_coordinator
done
is "a sweep is there but once" "$(sweeps kill 'count(*)')" 1
start_coordinator
kill_done() { [ "$(sweeps kill)" = "done" ]; }
ok "it comes to its end" wait_for 60 kill_done
is "with one campaign" "$(campaigns kill)" kill.1
is "whose configurations are all there" "$(sql "SELECT count(*) FROM configuration f JOIN campaign c ON c.id = f.campaign WHERE c.name = 'kill'")" 400
is "nothing is left of others" "$(sql "SELECT count(*) FROM campaign WHERE state NOT IN ('done', 'cancelled')")" 0
kill -TERM "$SERVE_PID"
ok "the coordinator ends well" wait "$SERVE_PID"
SERVE_PID=
done_testing
