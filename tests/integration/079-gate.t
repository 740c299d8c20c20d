# joulerig compare --baseline previous|last-N|LABEL --gate: each exit status, and the forms for build servers.
. "$TOP/tests/lib.sh"

# A program whose cost is planted: by the night, and noise of at most 0.6 %, the same in each test. --canary never changes by
# the program; a file `machine` moves all.
echo 0 >count
cat >program <<'SH'
#!/bin/sh
n=$(($(cat count) + 1))
echo $n >count
cost=$((100000 * (1000 + $(cat machine))))
[ "$1" = --canary ] || cost=$((cost / 1000 * (1000 + $(cat night))))
[ "$SIZE" != "$(cat broken)" ] || { echo "no such size" >&2; exit 3; }
echo "cost $((cost + 100000 * (n * 7919 % 1201) / 200))"
SH
chmod +x program
cat >c.yaml <<'YAML'
campaign: nightly
matrix:
  size: [1, 2]
benchmarks:
  still:
    canary: true
    command: [./program, --canary]
    env: {SIZE: "none{size}"}
    metrics: {cost: {pattern: 'cost (\d+)', unit: op, better: lower}}
  one:
    command: [./program]
    env: {SIZE: "{size}"}
    metrics: {cost: {pattern: 'cost (\d+)', unit: op, better: lower}}
placement: {cpus: 1}
measure: {energy: off}
repeat: {warmup: 0, blocks: 8}
compare: {by: size, baseline: 1, metrics: [cost]}
YAML
night() { # COST MACHINE BROKEN, parts in a thousand
	echo "$1" >night
	echo "${2:-0}" >machine
	echo "${3:-}" >broken
	joulerig run c.yaml --quiet >/dev/null 2>&1
}
compare() { joulerig compare nightly --metric cost "$@"; }
said() { compare "$@" 2>&1 >/dev/null; }

# ---- the first nights ----
night 0
ok 'the first night has nothing to compare with, and closes no gate' compare --baseline previous --gate
like 'and says so' "$(said --baseline previous --gate)" 'nothing was compared: there is no submission of nightly before nightly.1'
is 'its rows are none' "$(compare --baseline previous --format json 2>/dev/null)" '[]'
night 3
ok 'the second night is like the first' compare --baseline previous --gate
like 'and is counted' "$(said --baseline previous --gate)" 'gate open: nightly.2 against nightly.1: 4 comparisons, 0 regressed'
ok 'last-3 has too few nights' compare --baseline last-3 --gate
like 'and says how many are needed' "$(said --baseline last-3 --gate)" 'there is only 1 submission of nightly before nightly.2, and how much they vary is known from 3 on'

# ---- what is no baseline ----
fails 'a label that is not there' 2 joulerig compare nightly --baseline nightly.9
like 'is told with the nearest' "$(said --baseline nightly.9)" "no campaign 'nightly.9'; did you mean 'nightly.[12]'"
fails 'the submission itself' 2 joulerig compare nightly --baseline nightly.2
fails 'the last two' 2 joulerig compare nightly --baseline last-2
fails 'the last of what' 2 joulerig compare nightly --baseline last-week
is 'a value of an axis is one' "$(compare --baseline 2 --format json | jq -r '[.[].baseline] | unique | join(" ")')" 2
is 'and asked for with --by' "$(compare --by size --baseline 2 --format json | jq -r '[.[].contender] | unique | join(" ")')" 1
fails 'a metric that is none' 2 joulerig compare nightly --baseline previous --metric cots

# ---- a night that got worse ----
night 60
fails 'a night 6 % worse closes the gate' 3 compare --baseline previous --gate
said --baseline previous --gate >lines
is 'with a line for each' "$(grep -c '^regressed: ' lines)" 2
like 'that has benchmark, parameters, host, metric, ratio, interval and p' "$(head -n 1 lines)" \
	'^regressed: cost of one \{"size":1\} on [^ ]+: 5\.[0-9]+ % worse, ratio 1\.05[0-9]+ \[1\.0[0-9]+, 1\.0[0-9]+\], adjusted p < 0.001, nightly.3 against nightly.2$'
like 'a canary that stood still is no matter' "$(tail -n 1 lines)" '^gate closed: .* 4 comparisons, 2 regressed, 0 inconclusive or not compared$'
fails 'so does a label' 3 compare --baseline nightly.1 --gate
ok 'without --gate it is told alone' compare --baseline previous
ok 'a larger threshold opens it' compare --baseline previous --threshold 10% --gate
night 5
ok 'better is no regression' compare --baseline previous --gate
is 'but an improvement' "$(compare --baseline previous --format json | jq -r '[.[] | select(.benchmark == "one") | .verdict] | unique | join(" ")')" improved

# ---- the machine ----
night 5 60
ok 'what moved with the canary' compare --baseline nightly.4 --gate --threshold 10%
fails 'canaries do not close the gate, others do' 3 compare --baseline previous --gate
said --baseline previous --gate >lines
is 'each canary is told as the machine' "$(grep -c '^machine: cost of still .*this canary moved, and what moved with it may be the machine: [56]\.[0-9]* % worse' lines)" 2
like 'and counted apart' "$(tail -n 1 lines)" ' 2 regressed, .*, 2 of canaries moved$'

# ---- a case that runs no more ----
night 5 0 2
fails 'a case of which each run failed' 1 compare --baseline nightly.4 --gate
like 'is told with the reason' "$(said --baseline nightly.4 --gate)" '^failed: one \{"size":2\} on .*: each of its 8 runs failed, the first one: .*3'
like 'and with how many runs' "$(said --baseline nightly.4 --gate)" 'note: 8 of the 32 runs of nightly.6 failed'

# ---- what is passed over ----
sqlite3 joulerig.db "UPDATE campaign SET state = 'cancelled' WHERE number = 5; UPDATE campaign SET failed = done WHERE number = 6"
fails 'a cancelled campaign passes no gate' 1 joulerig compare nightly.5 --metric cost --baseline nightly.4 --threshold 20% --gate
night 5
ok 'the last good night counts' compare --baseline previous --gate
said --baseline previous --gate >lines
like 'a cancelled one is passed over' "$(cat lines)" 'nightly.5 is passed over: it is not done but cancelled'
like 'so is one without a done run' "$(cat lines)" 'nightly.6 is passed over: none of its runs is done'
like 'and that is nightly.4' "$(cat lines)" 'nightly.7 against nightly.4'

# ---- the last N: nights are the units ----
rm joulerig.db
for cost in 0 40 -30 35 -40 20 -15; do night $cost; done
night 38
fails 'against one night it looks worse' 3 compare --baseline previous --gate
ok 'among seven nights it is nothing new' compare --baseline last-7 --gate
compare --baseline last-7 --format json >rows.json
is 'n are nights' "$(jq -r '[.[].n] | unique | join(" ")' rows.json)" 7
is 'the baseline is said' "$(jq -r '[.[].baseline] | unique | join(" ")' rows.json)" last-7
is 'the canary is as still as ever' "$(jq -r '[.[] | select(.benchmark == "still") | .verdict] | unique | join(" ")' rows.json)" unchanged
like 'the table says how' "$(compare --baseline last-7 | head -n 1)" 'nightly.8 against last-7 \(nightly.1 to nightly.7\) · submissions are the units'
night 400
fails 'what no night had closes the gate' 3 compare --baseline last-8 --gate
night 0
ok 'more nights than there are' compare --baseline last-50 --gate
like 'is said' "$(said --baseline last-50 --gate)" 'last-50: there are only 9 submissions of nightly before nightly.10'
sqlite3 joulerig.db "INSERT INTO inventory (id, host, json) SELECT 1000, host, json_set(json, '\$.fingerprint', 'another') FROM inventory LIMIT 1;
	UPDATE lane SET inventory = 1000 WHERE campaign <= 7"
ok 'nights on another machine do not count' compare --baseline last-9 --gate
said --baseline last-9 --gate >lines
like 'which is said' "$(cat lines)" 'last-9: 7 of the 9 submissions do not count on .*: its hardware, kernel or source of energy was another one'
like 'for each case' "$(cat lines)" '^not compared: one size=1 has only 2 of last-9 that count on '

# ---- nights that did not do the same work: here by what export says, twice as much in the last ----
for n in 1 2 3 4; do
	for b in 1 2 3 4 5 6; do
		echo $n $b
	done | jq -c --slurp --raw-input 'split("\n")[] | select(. != "") | split(" ") | map(tonumber) | (if .[0] == 4 then 200 else 100 end) as $work |
		(.[0] + .[1] / 10) as $noise | {benchmark: "one", metrics: {"energy.package": ($work * (1 + $noise / 1000)),
			"energy.package.per_work": (1 + $noise / 1000)}}' >work.ndjson
	joulerig import work.ndjson --as worked --db work.db --quiet >/dev/null
done
is 'more energy for more work is no regression' \
	"$(joulerig compare worked --db work.db --baseline last-3 --metric energy.package --gate --format json 2>/dev/null | jq -c '.[] | .ratio < 1.02')" true

# ---- an axis ----
night 0
ok 'a gate along an axis' compare --by size --baseline 1 --gate

# ---- forms for build servers ----
night 60
for form in junit github gitlab; do
	fails "$form, and the gate closes" 3 compare --baseline previous --gate --format $form
	compare --baseline previous --format $form >$form 2>/dev/null
done
cat >junit.py <<'PY'
import sys, xml.etree.ElementTree as E
root = E.parse(sys.argv[1]).getroot()
need = {"testsuites": "name tests failures errors time", "testsuite": "name package id timestamp hostname tests failures errors skipped time",
	"testcase": "name classname time", "failure": "message type", "error": "message type", "skipped": "message", "properties": "",
	"system-out": "", "system-err": ""}
inside = {"testsuites": ["testsuite"], "testsuite": ["properties", "testcase", "system-out", "system-err"],
	"testcase": ["failure", "error", "skipped"]}
for e in root.iter():
	assert set(e.attrib) == set(need[e.tag].split()), (e.tag, e.attrib)
	order = [inside[e.tag].index(c.tag) for c in e]
	assert order == sorted(order), e.tag
for s in root:
	count = lambda tag: str(len(s.findall("testcase/" + tag)))
	assert s.get("tests") == str(len(s.findall("testcase")))
	assert (s.get("failures"), s.get("errors"), s.get("skipped")) == (count("failure"), count("error"), count("skipped"))
	for c in s.findall("testcase"):
		print(s.get("name"), c.get("classname"), c.get("name").rsplit(" on ", 1)[0], " ".join(x.tag for x in c) or "passed", sep="|")
PY
if command -v python3 >/dev/null; then
	is 'junit: a suite a metric, a case a comparison' "$(python3 junit.py junit)" "cost|still|size=1|passed
cost|still|size=2|passed
cost|one|size=1|failure
cost|one|size=2|failure"
else
	skip 'junit: a suite a metric, a case a comparison' 'no python3 to read XML'
fi
is 'github: an error for each, at its benchmark' "$(grep -c '^::error file=[^ ]*c.yaml,line=10,title=regressed%3A cost of one {"size"%3A[12]} on [^:]*::5.[0-9]* %25 worse, ratio ' github)" 2
is 'and nothing else' "$(wc -l <github)" 2
ok 'gitlab: what it reads' jq -e 'length == 2 and all(.[]; (.description | length > 0) and .check_name == "cost" and (.fingerprint | test("^[0-9a-f]{32}$"))
	and .severity == "major" and (.location.path | endswith("c.yaml")) and .location.lines.begin == 10) and (map(.fingerprint) | unique | length == 2)' gitlab
night 130
is 'the same finding has the same fingerprint in another night' "$(compare --baseline previous --format gitlab | jq -c 'map(.fingerprint)')" "$(jq -c 'map(.fingerprint)' gitlab)"
for form in junit github gitlab; do
	fails "--format $form is of compare alone" 2 joulerig results --format $form
done
like 'and the message says what is not' "$(joulerig results --format junit 2>&1)" "'junit' is none of table, csv, json, ndjson, markdown"
done_testing
