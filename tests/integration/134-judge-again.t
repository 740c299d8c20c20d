# Sweeps against a label: what was told is remembered, and that it is back is told; what one night alone shows is told to nobody; and a
# coordinator that is killed while it confirms goes on with that.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
is_sanitized && skip_all "it runs many small campaigns one after the other; the programs are built with a sanitizer"
trap stop_cluster EXIT

# Its cost is planted in its own file; what is in blip makes the first so many runs dearer; and from run `hold` on it waits while that is there.
mkdir work place
cat >night.yaml <<'YAML'
campaign: night
files: [work]
schedule: {cron: "0 2 1 1 *", timezone: UTC, baseline: night.1}
matrix: {n: [1, 2]}
benchmarks:
  prog:
    command: [/bin/sh, work/prog]
    metrics: {cost: {pattern: 'cost (\d+)', unit: op, better: lower}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 8}
compare: {by: n, baseline: 1, metrics: [cost], threshold: 1%}
YAML
cat >work/prog <<SH
cd $PWD/place
read -r runs <runs
echo \$((runs + 1)) >runs
read -r blip <blip
[ "\$runs" -lt "\$blip" ] && more=30 || more=0
until [ ! -e hold ] || [ "\$runs" -lt "\$(cat hold)" ]; do sleep 0.02; done
SH
own() { sed -i '/echo cost/d' work/prog; echo "${2:-}echo cost \$(((1000 + $1) * (1000 + more) + \$\$ * 7919 % 1001))" >>work/prog; }
own 0
echo 0 | tee place/runs >place/blip
sql() { sqlite3 -readonly c.db "$1"; }
echo 0 >seen
told() {
	sql "SELECT coalesce(group_concat(kind || ' ' || subject, '; '), 'nothing') FROM notice WHERE id > $(cat seen)"
	sql 'SELECT coalesce(max(id), 0) FROM notice' >seen
}
night() {
	local status=0
	echo "$((${day:-0} + RANDOM))" >work/day
	echo 0 >place/runs
	at schedule add night.yaml >>add.log 2>&1 || { diag add.log; return; }
	at schedule run night >>run.log 2>&1 || status=$?
	echo "$status $(told)"
}
answer() { sql 'SELECT answer FROM sweep ORDER BY id DESC LIMIT 1'; }
state() { sql 'SELECT state FROM sweep ORDER BY id DESC LIMIT 1'; }
is_state() { [ "$(state)" = "$1" ]; }
runs_reach() { [ "$(cat place/runs)" -gt "$1" ]; }

start_coordinator
start_agent alpha
at watch "$(at submit night.yaml 2>/dev/null)" >/dev/null 2>&1
is "a night like the baseline" "$(night)" "0 nothing"
own 30
is "a regression is told" "$(night)" '3 regressed cost prog {"n":1}; regressed cost prog {"n":2}'
is "and remembered, with the exit status of one" "$(night)" '3 nothing'
is "without another confirmation" "$(answer | jq -c '[(.still | length), has("confirmation")]')" '[2,false]'
own 0
is "that it is back is told" "$(night)" '0 returned cost prog {"n":1}; returned cost prog {"n":2}'
is "once" "$(night)" '0 nothing'

echo 16 >place/blip
is "what the confirmation does not show is told to nobody" "$(night)" '0 nothing'
is "and is in the answer" "$(answer | jq -c '[.unconfirmed[].confirmation] | unique')" '["unchanged"]'
echo 0 >place/blip

# ---- a night that is quiet, and confirmations that show nothing: the new one is dearer in each second block, and cheaper in the others ----
own 30 'if [ -e swing ] && [ "$runs" -ge 16 ]; then . ./swing; fi; '
echo 0 >place/swung
echo 'read -r n <swung; echo $((n + 1)) >swung; more=$((n / 2 % 2 * 400 - 200))' >place/swing
tries_are() { sqlite3 -cmd '.timeout 5000' c.db "UPDATE sweep SET answer = replace(answer, '\"tries\":', '\"tries\":$1, \"were\":')
	WHERE id = (SELECT max(id) FROM sweep)"; }
open() { answer | jq -c '[.open[].tries]'; }
is "what no confirmation can show is told to nobody" "$(night) $(answer | jq -c '[.unconfirmed[].confirmation]')" '0 nothing ["inconclusive","inconclusive"]'
is "and looked at again" "$(open)" '[1,1]'
tries_are 2
is "three nights in a row" "$(night) $(open)" '0 nothing [3,3]'
is "then not in each one" "$(night) $(open)" '0 nothing [4,4]'
is "without another confirmation" "$(sql 'SELECT confirmation IS NULL FROM sweep ORDER BY id DESC LIMIT 1') $(answer | jq -c '[.unconfirmed[].confirmation | test("a later sweep")]')" \
	'1 [true,true]'
tries_are 6
rm place/swing
is "until one shows it" "$(night)" '3 regressed cost prog {"n":1}; regressed cost prog {"n":2}'
own 0
is "and the other way round" "$(night)" '0 returned cost prog {"n":1}; returned cost prog {"n":2}'

own 30
echo 20 >place/hold
echo 0 >place/runs
at schedule add night.yaml >>add.log 2>&1
at schedule run night --detach >>run.log 2>&1
ok "a confirmation is under way" wait_for 120 runs_reach 20
is "so says its state" "$(state)" confirming
kill_coordinator
start_coordinator
is "another coordinator takes it up" "$(state)" confirming
rm place/hold
ok "to its end" wait_for 120 is_state 'done'
is "what it shows is told once" "$(told)" 'regressed cost prog {"n":1}; regressed cost prog {"n":2}'
is "there is one confirmation of it" "$(sql "SELECT count(*) FROM campaign WHERE json_extract(changes, '\$.again.of') = (SELECT 'night.' || max(number) FROM campaign WHERE changes IS NULL OR changes NOT LIKE '%again%')")" 1
done_testing
