# Nights that are judged by their energy: test meters give each run what its contents say, in equal time. Between the nights samples are pruned, and
# within the last one but one a window of maintenance opens over one of two hosts.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
. "$TOP/tests/meter.sh"
is_sanitized && skip_all "it runs several small campaigns one after the other; the programs are built with a sanitizer"
trap 'unmount_meters; stop_cluster' EXIT
for host in alpha beta; do
	mount_meter "m-$host" --zone name=package-0,power=1mW,max=300W || skip_all "no FUSE here: $(tail -n 1 "m-$host.log")"
done

mkdir work
cat >night.yaml <<'YAML'
campaign: night
files: [work]
schedule: {cron: "0 2 1 1 *", timezone: UTC, patience: 1s}
benchmarks: {prog: {command: [/bin/sh, work/prog, "{host.name}"]}}
measure: {energy: require}
repeat: {warmup: 0, blocks: 12}
compare: {metrics: [energy.package], threshold: 1%}
YAML
# The meter gives out the energy within 0.1 s of the go, however busy the machine is; the program outlasts that. Where it is so busy that a reading takes
# as long, a run has no energy: there are blocks enough for a verdict without a third of them.
cat >work/prog <<SH
read -r power <work/power
until [ ! -e $PWD/hold-\$1 ]; do sleep 0.02; echo run >>$PWD/held-\$1; done
echo "package-0 \$power 100ms" >$PWD/m-\$1/power
exec sleep 0.25
SH
echo 100W >work/power
sql() { sqlite3 -readonly -cmd '.timeout 5000' c.db "$1"; }
told() { sql "SELECT coalesce(group_concat(kind || ' ' || subject, '; '), 'nothing') FROM notice WHERE sweep = (SELECT max(id) FROM sweep)"; }
answer() { sql 'SELECT answer FROM sweep ORDER BY id DESC LIMIT 1'; }
night() {
	local status=0
	at schedule add night.yaml >>add.log 2>&1 || { diag add.log; return; }
	at schedule run night >>run.log 2>&1 || status=$?
	echo "$status $(told)"
}
hosts_are() { [ "$(at hosts --format ndjson 2>/dev/null | jq -r '.state' | sort | xargs)" = "$1" ]; }

REAL_JOULERIG=$(type -P joulerig)
joulerig() {
	[ "$1" != serve ] || exec "$REAL_JOULERIG" "$@" --settings s.yaml
	"$REAL_JOULERIG" "$@"
}
echo 'maintenance: []' >s.yaml
start_coordinator
start_agent alpha --root m-alpha
start_agent beta --root m-beta
wait_for 60 hosts_are 'idle idle' || at hosts | diag

is "the first night has nothing to tell" "$(night)" '0 nothing'
echo 100.3W >work/power
is "nor has what is within the threshold" "$(night)" '0 nothing'
is "as it is shown to be" "$(answer | jq -c '[.compared, .unsettled]')" '[2,null]'

# ---- what the next night is compared with is summaries and contents ----
at prune --older-than 0s --what samples >prune.log 2>&1
like "samples of both nights are pruned" "$(cat prune.log)" '^joulerig: 2 campaigns pruned'

# ---- a window of maintenance opens while both hosts are at work ----
echo 110W >work/power
touch hold-beta
night >night.txt &
NIGHT_PID=$!
wait_for 60 test -s held-beta
echo "maintenance: [{hosts: [beta], cron: '* * * * *', for: 1h}]" >s.yaml
kill -HUP "$SERVE_PID"
wait_for 60 grep -q 'beta is in maintenance' serve.log
rm hold-beta
wait $NIGHT_PID
is "more energy in equal time is a regression" "$(cat night.txt)" '3 regressed energy.package prog {}'
is "of the host that could show it, and the other one is away, as somebody wants it" \
	"$(answer | jq -r '.hosts[] | .host + " " + .state + " " + (.reason // "" | sub(" until.*"; ""))' | xargs)" 'alpha fine beta away maintenance'
like "it is told in joules" "$(sql 'SELECT text FROM notice')" \
	'^energy\.package of prog is [0-9.]+ % worse on alpha \(ratio 1\.0[0-9]* \[.*\], adjusted p .*; median from 10\.0[0-9]? J to 11\.0[0-9]? J\): night\.3 against night\.2; old and new'
is "and for programs" "$(sql 'SELECT json FROM notice' | jq -c '[.unit, .host, (.contender_median / .baseline_median * 100 | round), .cause]')" '["J","alpha",110,"content"]'
command=$(sql "SELECT json_extract(json, '\$.command') FROM notice")
is "its command shows it again, with the threshold that it is beyond" "$(cd / && $command 2>"$OLDPWD/command.log" | grep -oE 'beyond ±1 %|^energy\.package J, lower is better|▲ regressed$')" \
	'beyond ±1 %
energy.package J, lower is better
▲ regressed'

echo 'maintenance: []' >s.yaml
kill -HUP "$SERVE_PID"
wait_for 60 hosts_are 'idle idle'
is "the next night the host is back, and what was told is no news there" "$(night)" '3 nothing'
is "though it is known" "$(answer | jq -c '[.still[] | .host, .verdict, .against]')" '["beta","regressed","night.2"]'

# ---- a night in which nobody can read the counters, and in which something changed ----
echo 120W >work/power
level=$(at schedule show night --format json | jq -r '.[0].campaign')
sed -i 's/energy: require/energy: off/' night.yaml
is "a night without energy has nothing to tell of it" "$(night)" '0 nothing'
is "but notes that it is gone" "$(answer | jq -r '.notes[]' | grep -c '^energy.package on alpha and 1 more: no run has it, unlike the sweep before')" 1
sed -i 's/energy: off/energy: require/' night.yaml
is "what came in it is told once it is back" "$(night)" '3 regressed energy.package prog {}'
is "against the last night that has it" "$(sql "SELECT json_extract(json, '\$.against') FROM notice ORDER BY id DESC LIMIT 1")" "$level"
is "once" "$(night)" '0 nothing'
done_testing
