# Sweeps are judged: what looks changed runs again, interleaved with the contents of before; what is confirmed and new is told once.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
is_sanitized && skip_all "it runs many small campaigns one after the other; the programs are built with a sanitizer"
trap stop_cluster EXIT

# A program whose cost is planted: in its own file (cost-N of each case), or by the machine (a folder for each host); noise of a thousandth.
mkdir work machine
cat >night.yaml <<'YAML'
campaign: night
files: [work]
schedule: {cron: "0 2 1 1 *", timezone: UTC, patience: 1s}
matrix: {n: [1, 2]}
benchmarks:
  prog:
    command: [/bin/sh, work/prog, "{n}", "{host.name}"]
    metrics: {cost: {pattern: 'cost (\d+)', unit: op, better: lower}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 8}
compare: {by: n, baseline: 1, metrics: [cost], threshold: 1%}
YAML
cat >work/prog <<SH
read -r own <work/cost-\$1
read -r all <$PWD/machine/\$2
if [ -e $PWD/swing ]; then # each second run costs a fifth more, the others less
	read -r odd <$PWD/swing-\$1-\$2 || odd=0
	echo \$((1 - odd)) >$PWD/swing-\$1-\$2
	all=\$((all + odd * 400 - 200))
fi 2>/dev/null
[ "\$all" != broken ] || { echo "no such device" >&2; exit 7; }
[ "\$own" != broken ] || { echo "no such size" >&2; exit 3; }
echo cost \$(((1000 + own) * (1000 + all) + \$\$ * 7919 % 1001))
SH
echo 0 | tee work/cost-1 work/cost-2 machine/alpha >machine/beta
sql() { sqlite3 c.db "$1"; }
# Run a night; its exit status, the notices that it made, and how many runs its campaigns had.
echo 0 >seen
night() {
	at schedule add night.yaml "$@" >>add.log 2>&1 || { diag add.log; return; }
	local status=0
	at schedule run night >>run.log 2>&1 || status=$?
	echo "$status $(sql "SELECT coalesce(group_concat(kind || ' ' || subject, '; '), 'nothing') FROM notice WHERE id > $(cat seen)")"
	sql 'SELECT coalesce(max(id), 0) FROM notice' >seen
}
answer() { sql 'SELECT answer FROM sweep ORDER BY id DESC LIMIT 1'; }

start_coordinator
start_agent alpha
start_agent beta
here() { [ "$(at hosts --format ndjson 2>/dev/null | grep -c '"idle"')" = 2 ]; }
wait_for 60 here

is "the first night has nothing to tell" "$(night)" "0 nothing"
is "nor has one in which nothing changed" "$(night)" "0 nothing"
echo 30 >work/cost-2
is "a regression is told once for both hosts" "$(night)" '3 regressed cost prog {"n":2}'
like "in words" "$(sql 'SELECT text FROM notice')" '^cost of prog n=2 is up to 3\.[0-9] % worse on alpha and beta .*night\.3 against night\.2; old and new'
is "the confirmation had that case alone, of both contents" \
	"$(sql "SELECT group_concat(DISTINCT c.parameters) FROM run r JOIN configuration c ON c.campaign = r.campaign AND c.number = r.configuration WHERE r.campaign = 4")" \
	'{"n":2,"content":"night.2"},{"n":2,"content":"night.3"}'
like "how sure that is, too" "$(sql 'SELECT text FROM notice')" '\(ratio 1\.03[0-9]* \[1\.0[0-9]*, 1\.0[0-9]*\], adjusted p '
command=$(sql "SELECT json_extract(json, '\$.command') FROM notice")
is "its command shows it again, copied into a shell anywhere" \
	"$(cd / && $command --format ndjson 2>/dev/null | jq -r .verdict | sort -u | grep -v pooled)" regressed
is "the next night is like it" "$(night)" "0 nothing"
echo 0 >work/cost-2
at submit night.yaml >>add.log 2>&1
by_hand() { [ "$(sql "SELECT count(*) FROM campaign WHERE state = 'done'")" = "$(sql 'SELECT count(*) FROM campaign')" ]; }
wait_for 60 by_hand
is "an improvement is told as well, though somebody submitted it by hand before" "$(night)" '0 improved cost prog {"n":2}'
echo 30 >machine/alpha
is "a machine that changed is told, of its host, once nights say how much they vary" "$(night)" '3 regressed cost prog {"n":1}'
is "else a second night decides" "$(answer | jq -r '.open[] | .parameters.n, .tries' | xargs)" "2 1"
is "as such" "$(sql 'SELECT DISTINCT json_extract(json, "$.cause"), json_extract(json, "$.host") FROM notice WHERE id > 2')" 'machine|alpha'

# ---- what failed is no regression ----
echo broken >machine/beta
is "a host on which everything fails, and that second night" "$(night)" '3 regressed cost prog {"n":2}; failed host beta'
is "is told once" "$(night)" '1 nothing'
like "with the reason" "$(sql "SELECT text FROM notice WHERE subject = 'host beta'")" '^host beta has failed in night\.[0-9]+: .*exit status 7'
echo 0 >machine/beta
echo broken >work/cost-1
at admit beta >/dev/null 2>&1
is "good again is told as well, and a case that fails everywhere" "$(night)" '1 recovered host beta; failed failed prog {"n":1}'
kill -TERM "${AGENT_PID[beta]}"
wait "${AGENT_PID[beta]}" 2>/dev/null
is "a host that goes in order is no failure" "$(night)" '1 nothing'
like "and is named" "$(answer | jq -r '.hosts[] | select(.host == "beta") | .state + " " + .reason')" '^away its agent was stopped'
is "one that is missing in the second night as well is one" "$(night)" '1 failed host beta'
like "since when is said" "$(sql "SELECT text FROM notice ORDER BY id DESC LIMIT 1")" 'its agent was stopped; it was seen last at .*Z; it is missing since night\.[0-9]+$'
echo 0 >work/cost-1
start_agent beta
wait_for 60 here
is "the case works again, and so does the host" "$(night)" '0 recovered host beta; recovered failed prog {"n":1}'

# ---- the contents of before are not kept any more ----
find c.db.d -name "$(sql "SELECT lower(substr(hex(tree), 3)) FROM campaign ORDER BY id DESC LIMIT 1")*" -delete
echo 70 >work/cost-1
is "what was pruned cannot run again, and hides nothing" "$(night)" '3 regressed cost prog {"n":1}'
is "only why it is so is not known" "$(sql 'SELECT json_extract(json, "$.cause") FROM notice ORDER BY id DESC LIMIT 1')" unknown

# ---- a night that shows neither a change nor that there is none ----
echo 110 >work/cost-1
touch swing
is "a night that scatters much tells nothing" "$(night)" '0 nothing'
level=$(answer | jq -r '[.unsettled[] | .against] | unique | join(" ")')
is "and settles none of its cases" "$(answer | jq -c '[.unsettled | length, (map(.host) | unique)]')" '[4,["alpha","beta"]]'
rm swing
is "so what came in it is told by the next one" "$(night)" '3 regressed cost prog {"n":1}'
is "against the night before it" "$(sql 'SELECT json_extract(json, "$.against") FROM notice ORDER BY id DESC LIMIT 1')" "$level"
is "once" "$(night)" '0 nothing'

like "show tells of each sweep, the newest first" "$(at schedule show night | head -n 1)" '^[0-9]{4}-.*night\.[0-9]+  done'
like "with what was told" "$(at schedule show night)" '^    regressed: cost of prog n=2 is up to 3'
is "and for programs" "$(at schedule show night --format json | jq -r '[.[] | .notices[] | .kind] | reverse | .[0:2] | join(" ")')" "regressed improved"
# ---- a label that is written down before it is there ----
sed 's/^campaign: night/campaign: self/; s/patience: 1s}/patience: 1s, baseline: self.1}/' night.yaml >self.yaml
at schedule add self.yaml >>add.log 2>&1
ok "the first sweep may be the baseline of all that follow" at schedule run self
like "and is compared with nothing" "$(answer | jq -r '.notes[0]')" '^self\.1 is the baseline itself'
# ---- against it, a host is away when another one has changed ----
is_beta() { at hosts --format ndjson 2>/dev/null | grep '"beta"' | grep -q "\"$1\""; }
against_self() {
	local status=0
	at schedule run self >>run.log 2>&1 || status=$?
	echo "$status $(sql "SELECT coalesce(group_concat(kind || ' ' || subject || ' ' || json_extract(json, '$.host'), '; '), 'nothing') FROM notice
		WHERE sweep = (SELECT max(id) FROM sweep)")"
}
at drain beta --reason 'out for the night' >/dev/null 2>&1
wait_for 60 is_beta drained
echo 80 >machine/alpha
sed -i 's/n: \[1, 2\]/n: [1]/' self.yaml
at schedule add self.yaml >>add.log 2>&1
is "against a label a change is told of the host that shows it" "$(against_self)" '3 regressed cost prog {"n":1} alpha'
at admit beta >/dev/null 2>&1
wait_for 60 is_beta idle
is "one that was away is not back where it never left" "$(against_self)" '3 nothing'
is "as is remembered" "$(answer | jq -r '.still[] | .host + " " + .verdict' | sort | xargs)" 'alpha regressed beta unchanged'
echo 50 >machine/beta
is "so that its own change is news" "$(against_self)" '3 regressed cost prog {"n":1} beta'
# ---- and one shows the change as well, but not when it runs again ----
echo -300 >work/cost-1
cp work/prog prog.good
cat >swings <<SH
[ \$2 = alpha ] || echo run >>$PWD/beta-runs
n=\$(wc -l <$PWD/beta-runs)
[ \$2 = alpha ] || [ "\$n" -le 8 ] || all=\$((n % 2 * 2000 - 400))
SH
sed -i '/^read -r all/r swings' work/prog
touch beta-runs
at schedule add self.yaml >>add.log 2>&1
is "what is not confirmed of one host is told of the other" "$(against_self) $(answer | jq -r '.open[].host')" '0 improved cost prog {"n":1} alpha beta'
cp prog.good work/prog
at schedule add self.yaml >>add.log 2>&1
is "and is no news of it later" "$(against_self) $(answer | jq -r '[.still[] | .host + " " + .verdict] | sort | join(", ")')" '0 nothing alpha improved, beta improved'
fails "a schedule that is not there" 2 joulerig schedule show nigth --coordinator "$ADDRESS" --keys keys
is "the log has no advice for who submits by hand" "$(grep -c "it runs once, now" serve.log)" 0
done_testing
