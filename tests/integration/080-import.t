# joulerig import: what export wrote comes back byte for byte; files of other tools; nothing of a bad file stays.
. "$TOP/tests/lib.sh"

. "$TOP/tests/meter.sh"
trap 'unmount_meters; rm -f "$tap_log"' EXIT
import() { joulerig import --quiet --db "$@"; }
has_no() { [ "$(sqlite3 "$1" "SELECT (SELECT count(*) FROM campaign WHERE name = '$2') + (SELECT count(*) FROM run r JOIN campaign c ON c.id = r.campaign WHERE c.name = '$2')")" = 0 ]; }

# ---- our own ----
# All that a run can have: texts, a series, a number with more digits than a double, parameters of each type, failures, warm-up.
cat >program <<'SH'
#!/bin/sh
[ "$1" != bad ] || exit 7
[ "$1" != killed ] || kill -SEGV $$
[ "$1" != slow ] || exec sleep 30
echo '{"sum": "c0ffee é <&\"", "id": 9007199254740993, "laps": [1.5, 2, 3.25e-3], "rate": 0.1, "neg": -12}'
SH
chmod +x program
cat >c.yaml <<'YAML'
campaign: all-kinds
matrix:
  how: {good: {}, bad: {}, killed: {}, slow: {limits: {timeout: 1s}}, "é, \"quoted\" {x: 1}": {}}
  size: [2, 10, 1.50]
  exclude: [{how: slow, size: [2, 10]}]
benchmarks:
  one:
    command: [./program, "{how}"]
    env: {SIZE: "{size}"}
    metrics:
      sum: {json: sum, expect: same}
      id: {json: id, expect: same}
      laps: {json: laps, take: all, unit: s, better: lower}
      rate: {json: rate, unit: op/s, better: higher}
      neg: {json: neg}
placement: {cpus: 1}
measure: {energy: off}
repeat: {warmup: 1, blocks: 3}
YAML
joulerig run c.yaml --quiet --db a.db >/dev/null 2>&1
joulerig export all-kinds --db a.db --warmup >all.ndjson
is 'a campaign of all kinds' "$(jq -r '"\(.state) \(.block > 0)"' all.ndjson | sort | uniq -c | awk '{print $1, $2, $3}' | paste -sd,)" \
	'6 done false,18 done true,6 failed false,18 failed true,1 timeout false,3 timeout true'
ok 'has texts, series and long numbers' jq -e -s 'any(.[]; .texts.sum == "c0ffee é <&\"") and any(.[]; .series.laps | length == 3)' all.ndjson
like 'as they are' "$(cat all.ndjson)" '"id":9007199254740993'
ok 'it is imported' import b.db all.ndjson
ok 'and exported byte for byte' cmp all.ndjson <(joulerig export all-kinds --db b.db --warmup)
ok 'without warm-up too' cmp <(joulerig export all-kinds --db a.db) <(joulerig export all-kinds --db b.db)
ok 'as csv too' cmp <(joulerig export all-kinds --db a.db --format csv) <(joulerig export all-kinds --db b.db --format csv)
is 'under another name' "$(import b.db all.ndjson --as other)" other.1
ok 'it differs by its label alone' cmp <(sed 's/all-kinds\.1/other.1/' all.ndjson) <(joulerig export other --db b.db --warmup)
is 'NAME.N is that label' "$(import b.db all.ndjson --as other.7)" other.7
is 'and the next one follows' "$(import b.db all.ndjson --as other)" other.8
fails 'a label that is there' 2 import b.db all.ndjson
like 'is told with the way out' "$(import b.db all.ndjson 2>&1)" 'there is a campaign all-kinds\.1 already; --as NAME'
is 'from standard input' "$(import b.db - --as piped <all.ndjson)" piped.1
ok 'the label stands alone on stdout' [ "$(joulerig import all.ndjson --db b.db --as loud 2>stderr)" = loud.1 ]
is 'the number of runs on stderr' "$(cat stderr)" '52 runs imported'
is 'configurations stand in an order for people' \
	"$(sqlite3 b.db "SELECT group_concat(parameters ->> 'size') FROM configuration c JOIN campaign a ON a.id = c.campaign WHERE a.name = 'all-kinds' AND parameters ->> 'how' = 'good' ORDER BY c.number")" '1.5,2,10'

# ---- what is said of it ----
numbers() { joulerig results "$1" --db "$2" --format json --quiet | jq -cS '.[] | del(.campaign)' | sort; }
is 'results are the same' "$(numbers all-kinds b.db | wc -l)" "$(numbers all-kinds a.db | wc -l)"
like 'and say where they come from' "$(joulerig results all-kinds --db b.db)" 'imported from all.ndjson \(ndjson\), not run here'
is 'runs' "$(joulerig runs all-kinds --db b.db --format csv | wc -l)" "$(joulerig runs all-kinds --db a.db --format csv | wc -l)"
like 'status has ended' "$(joulerig status all-kinds.1 --db b.db --format csv)" 'all-kinds.1,done,'
ok 'two of them are compared' joulerig compare all-kinds other --db b.db --metric time
ok 'and along an axis' joulerig compare all-kinds --db b.db --by size --baseline 2 --metric rate
fails 'there is no campaign file' 2 joulerig export all-kinds --db b.db --what campaign
like 'which is said' "$(joulerig export all-kinds --db b.db --what campaign 2>&1)" 'all-kinds.1 was imported from all.ndjson: there is no campaign file'
is 'its hosts are none of a coordinator' "$(joulerig hosts --db b.db --format json)" '[]'
ok 'a campaign still runs in this store' joulerig run c.yaml --quiet --db b.db --only 'how == "good"'
is 'as the next of its name' "$(joulerig status all-kinds --db b.db --format json | jq -r '.[].campaign')" all-kinds.2

# ---- energy with bounds ----
if mount_meter m --zone name=package-0,power=50W; then
	cat >e.yaml <<'YAML'
campaign: joules
benchmarks: {sleep: {command: [sleep, "0.2"]}}
measure: {energy: require, idle: 1s}
repeat: {warmup: 0, blocks: 3}
YAML
	# Once more where the machine held up its readings so that a run has no energy.
	measured() {
		joulerig run e.yaml --quiet --db e.db --root m >/dev/null
		joulerig export joules --db e.db >joules.ndjson
		jq -e -s 'all(.[]; .metrics["energy.package.net"] != null)' joules.ndjson
	}
	tries 10 measured >/dev/null
	ok 'runs with uncertainty and deviation' jq -e -s 'length == 3 and all(.[]; .uncertainty["energy.package-0"] > 0 and .deviation["energy.package"] > 0)' joules.ndjson
	import e2.db joules.ndjson >/dev/null
	ok 'byte for byte' cmp joules.ndjson <(joulerig export joules --db e2.db)
else
	skip 'runs with uncertainty and deviation' 'no FUSE here'
	skip 'byte for byte' 'no FUSE here'
fi

# ---- as little as can be ----
cat >small.ndjson <<'ND'
{"benchmark": "b", "metrics": {"time": 1.5}}

{"benchmark": "b", "metrics": {"time": 1.25, "speed": 3}, "units": {"speed": "km/h"}}
{"benchmark": "b", "metrics": {"time": null, "latency": 0.0123}, "units": {"latency": "ms"}, "uncertainty": {"latency": 0.001}, "host": "h2", "started_at": null}
ND
is 'a benchmark and its metrics are enough' "$(import s.db small.ndjson --as small 2>stderr)" small.1
is 'all else is filled in' "$(joulerig export small --db s.db | jq -c '[.run, .block, .host, .parameters, .state, .attempt, .started_at, .metrics]')" \
	'[1,1,"imported",{},"done",1,null,{"time":1.5}]
[2,2,"imported",{},"done",1,null,{"time":1.25,"speed":3}]
[3,1,"h2",{},"done",1,null,{"latency":0.0123}]'
like 'what cannot be kept is said' "$(cat stderr)" '^note: the uncertainty of latency is left out'
is 'a standard metric knows its way, others do not' \
	"$(sed 's/1.25/1.5/; s/1.5}/3}/' small.ndjson | grep -v latency >s2.ndjson; import s.db s2.ndjson --as small >/dev/null; joulerig results small --db s.db --format json | jq -r length)" 1

# ---- bad ones ----
n=0
bad() { # WHAT LINE REGEX
	n=$((n + 1))
	printf '%s\n' '{"campaign":"bad.1","run":1,"benchmark":"b","metrics":{"time":1}}' "$2" >bad.ndjson
	fails "refused: $1" 2 import s.db bad.ndjson
	like "  with its place" "$(import s.db bad.ndjson 2>&1)" "$3"
}
bad 'no JSON' 'time 1' 'bad.ndjson:2:1: expected an object'
bad 'half an object' '{"campaign":"bad.1","run":2' "bad.ndjson:2:29: expected ',' or '}'"
bad 'an unknown key' '{"campaign":"bad.1","metircs":{}}' "bad.ndjson:2:31: a run has no 'metircs'; did you mean 'metrics'"
bad 'a number that is none' '{"campaign":"bad.1","metrics":{"time":01}}' "bad.ndjson:2:39: expected a value, not '01'"
bad 'a metric that is a text' '{"campaign":"bad.1","metrics":{"time":"1"}}' 'bad.ndjson:2:39: expected a number'
bad 'a number too large' '{"campaign":"bad.1","benchmark":"b","metrics":{"time":1e300}}' 'bad.ndjson:2: time: 1e300 is too large'
bad 'another unit' '{"campaign":"bad.1","benchmark":"b","metrics":{"time":1},"units":{"time":"ms"}}' 'bad.ndjson:2: time is in s, not in ms'
bad 'a bound of nothing' '{"campaign":"bad.1","uncertainty":{"time":1}}' "uncertainty: the run has no metric 'time'"
bad 'a state that is none' '{"campaign":"bad.1","state":"good"}' 'bad.ndjson:2:29: state: expected done, failed'
bad 'a time that is none' '{"campaign":"bad.1","started_at":"yesterday"}' 'started_at: expected a time such as'
bad 'a run a second time' '{"campaign":"bad.1","run":1,"benchmark":"b","metrics":{}}' 'bad.ndjson:2: run 1 a second time'
bad 'a run 0' '{"campaign":"bad.1","run":0,"benchmark":"b"}' 'run: expected a whole number from 1'
bad 'another campaign' '{"campaign":"bad.2","benchmark":"b","metrics":{}}' 'bad.ndjson:2: it is of campaign bad.2, and those before it are of bad.1'
bad 'no benchmark' '{"campaign":"bad.1","metrics":{}}' 'bad.ndjson:2: it does not say which benchmark'
bad 'parameters that are a list' '{"campaign":"bad.1","parameters":[1]}' 'parameters: expected an object'
bad 'bytes that are no UTF-8' "$(printf '{"campaign":"bad.1","host":"\xff"}')" 'bad.ndjson:2:29: bytes that are no UTF-8'
bad 'half a character' '{"campaign":"bad.1","host":"\ud800"}' 'lone surrogate'
bad 'too deep' "{\"campaign\":\"bad.1\",\"parameters\":$(printf '{"a":%.0s' $(seq 40))1$(printf '}%.0s' $(seq 40))}" 'nested deeper'
ok 'nothing of them stays' has_no s.db bad
fails 'a label without a number' 2 import s.db <(echo '{"campaign":"bad","benchmark":"b"}')
fails 'a name that is none' 2 import s.db small.ndjson --as 'No Name'
fails 'no name at all' 2 import s.db small.ndjson
fails 'an empty file' 2 import s.db /dev/null --as empty
fails 'a file that is not there' 2 import s.db gone.ndjson --as gone
fails 'no store but another file' 2 import program small.ndjson --as small
fails 'a coordinator cannot be asked' 2 joulerig import small.ndjson --as small --coordinator tcp://127.0.0.1:1
joulerig run c.yaml --quiet --db held.db --only 'how == "slow"' >/dev/null 2>&1 &
holder=$!
wait_for 120 grep -q tcp held.db.lock
fails 'a store that is held' 4 import held.db small.ndjson --as small
like 'says what to do' "$(import held.db small.ndjson --as small 2>&1)" 'end the coordinator that holds it, or import into another store with --db'
wait $holder

# ---- hyperfine ----
cat >hf.json <<'J'
{"results": [
 {"command": "/bin/sleep 0.1", "mean": 0.1, "times": [0.101, 0.102, 0.1030000001], "exit_codes": [0, 0, 1], "memory_usage_byte": [1000, 2000, 3000], "parameters": {"t": "0.1"}},
 {"command": "/bin/sleep 0.2", "mean": 0.2, "times": [0.201, 0.202, 0.203], "exit_codes": [0, 0, null], "parameters": {"t": "0.2"}}]}
J
is 'hyperfine' "$(import f.db hf.json --from hyperfine --as hf --host lab)" hf.1
is 'a run a time, failed ones as such' "$(joulerig export hf --db f.db | jq -c '[.block, .host, .benchmark, .parameters, .state, .exit_code, .metrics]')" \
	'[1,"lab","sleep",{"t":"0.1"},"done",0,{"time":0.101,"memory.peak":1000}]
[2,"lab","sleep",{"t":"0.1"},"done",0,{"time":0.102,"memory.peak":2000}]
[3,"lab","sleep",{"t":"0.1"},"failed",1,{"time":0.103,"memory.peak":3000}]
[1,"lab","sleep",{"t":"0.2"},"done",0,{"time":0.201}]
[2,"lab","sleep",{"t":"0.2"},"done",0,{"time":0.202}]
[3,"lab","sleep",{"t":"0.2"},"failed",null,{"time":0.203}]'
is 'compared along its parameter' "$(joulerig compare hf --db f.db --by t --baseline 0.1 --metric time --format json | jq -c '.[] | [.contender, .ratio > 1.9]')" '["0.2",true]'
echo '{"results": [{"command": "a b", "times": [1]}, {"command": "a c", "times": [2]}]}' >hf2.json
unlike 'nobody says that an agent measured no energy' "$(joulerig results hf.1 --db f.db)" 'agent gave no reason'
like 'nor that nothing else differs' "$(joulerig compare hf.1 --db f.db --by t --baseline 0.1 --metric time)" 'not known: imported; pairs may not have run side by side'
is 'commands without parameters are benchmarks' "$(import f.db hf2.json --from hyperfine --as hf >/dev/null; joulerig export hf --db f.db | jq -r .benchmark | paste -sd,)" 'a b,a c'
is 'or parameters of a named one' "$(import f.db hf2.json --from hyperfine --as hf --benchmark x >/dev/null; joulerig export hf --db f.db | jq -c '[.benchmark, .parameters]' | paste -sd,)" \
	'["x",{"command":"a b"}],["x",{"command":"a c"}]'
fails 'a summary alone' 2 import f.db --from hyperfine --as x <(echo '{"results": [{"command": "a", "mean": 1}]}')
fails 'no hyperfine' 2 import f.db --from hyperfine --as x <(echo '{}')
fails 'no JSON' 2 import f.db --from hyperfine --as x program
fails 'no name' 2 import f.db --from hyperfine hf.json

# ---- pyperf ----
cat >pp.json <<'J'
{"version": "1.0", "metadata": {"hostname": "py", "unit": "second"}, "benchmarks": [
 {"metadata": {"name": "telco"}, "runs": [{"warmups": [[1, 0.5]]}, {"values": [0.25, 0.75]}, {"values": [1, 2]}, {"values": [3]}]},
 {"metadata": {"name": "heap", "unit": "byte"}, "runs": [{"values": [4096]}]}]}
J
is 'pyperf' "$(import f.db pp.json --from pyperf --as pp)" pp.1
is 'a process is a run, its mean the value' "$(joulerig export pp --db f.db | jq -c '[.host, .benchmark, .block, .metrics, .series]')" \
	'["py","telco",1,{"time":0.5,"values":0.5},{"values":[0.25,0.75]}]
["py","telco",2,{"time":1.5,"values":1.5},{"values":[1,2]}]
["py","telco",3,{"time":3},null]
["py","heap",1,{"memory.peak":4096},null]'
fails 'no pyperf' 2 import f.db --from pyperf --as x hf.json

# ---- perf stat ----
cat >p1.csv <<'C'
# started on Sun May  3 12:00:00 2026

12.34,Joules,power/energy-pkg/,1002345678,100.00,,
1002345678,ns,duration_time,1002345678,100.00,,
123456789,,instructions,1000000,100.00,1.20,insn per cycle
<not supported>,,cache-misses,0,100.00,,
17.25,msec,task-clock,17250000,100.00,0.017,CPUs utilized
C
sed 's/12.34/12.50/' p1.csv >p2.csv
is 'perf stat' "$(import f.db p1.csv p2.csv --from perf-stat --as ps --benchmark make)" ps.1
is 'a file is a run' "$(joulerig export ps --db f.db | jq -c '[.block, .benchmark, .metrics]')" \
	'[1,"make",{"time":1.002345678,"energy.package":12.34,"instructions":123456789,"task-clock":17.25}]
[2,"make",{"time":1.002345678,"energy.package":12.5,"instructions":123456789,"task-clock":17.25}]'
fails 'means of -r' 2 import f.db --from perf-stat --as x --benchmark b <(echo '12.5,Joules,power/energy-pkg/,0.12%,1000,100.00,,')
like 'are no runs' "$(import f.db --from perf-stat --as x --benchmark b <(echo '12.5,Joules,power/energy-pkg/,0.12%,1000,100.00,,') 2>&1)" ':1:1: these are means over the repeats of -r'
fails 'counts by core' 2 import f.db --from perf-stat --as x --benchmark b <(echo 'S0-D0-C0,2,123,,cycles,1,100.00,,')
fails 'no benchmark' 2 import f.db --from perf-stat --as x p1.csv
ok 'nothing of them stays' has_no f.db x

# Names that would harm, and objects in another order.
for line in '{"benchmark": "a\u001b[31m"}' '{"benchmark": ""}' '{"benchmark": "b", "host": "h\u0007"}' \
	'{"benchmark": "b", "host": "h\u009b1m"}' '{"benchmark": "b", "metrics": {"": 1}}' '{"benchmark": "b", "flags": ["\u001b"]}' \
	'{"benchmark": "b", "metrics": {"m": 1}, "units": {"m": "\u001b"}}' '{"benchmark": "b", "parameters": {"a": "\u001b"}}' \
	'{"benchmark": "b", "parameters": {"a": 1, "a": 2}}' '{"benchmark": "b", "parameters": {"": 1}}' \
	"{\"benchmark\": \"$(printf %05000d 1)\"}"; do
	is "refused: $(echo "$line" | cut -c 1-70)" "$(echo "$line" | joulerig import - --as harm --db harm.db 2>&1 >/dev/null; echo $?)" \
		"$(echo "$line" | joulerig import - --as harm --db harm.db 2>&1 >/dev/null | grep 'input:1:'; echo 2)"
done
is 'a number after which none comes' "$(echo '{"benchmark": "b"}' | joulerig import - --as n.9223372036854775807 --db harm.db 2>/dev/null; echo $?)" 2
for block in 1 2 3 4 5 6 7 8; do
	echo '{"campaign": "order.1", "block": '$block', "benchmark": "b", "parameters": {"arm": "x", "n": 1}, "metrics": {"time": 1.0'$block'}}'
	[ $block -gt 4 ] || echo '{"campaign": "order.1", "block": '$block', "benchmark": "b", "parameters": {"arm": "y", "n": 1}, "metrics": {"time": 1.1'$block'}}'
	[ $block -le 4 ] || echo '{"campaign": "order.1", "block": '$block', "benchmark": "b", "parameters": {"n": 1, "arm": "y"}, "metrics": {"time": 1.1'$block'}}'
done >order.nd
joulerig import order.nd --db harm.db >/dev/null 2>&1
like 'parameters in another order are the same' \
	"$(joulerig compare order --by arm --baseline x --metric time --format ndjson --db harm.db)" '"n":8'
# ---- with the campaign's file and an inventory ----
cat >judged.yaml <<'YAML'
campaign: judged
matrix: {arm: {a: {kind: plain}, b: {kind: safe}}, n: {each: host.thread_steps}}
benchmarks:
  one: {command: [./x, "{arm}", "{n}"], metrics: {rate: {json: rate, better: higher}}}
compare: {by: arm, baseline: a, metrics: rate}
YAML
echo '{"thread_steps": [1, 3], "cores": 3, "threads": 3}' >far.json
for block in 1 2 3 4 5 6 7 8 9 10; do
	for n in 1 3; do
		echo '{"benchmark":"one","host":"far","parameters":{"n":'$n',"arm":"a"},"block":'$block',"metrics":{"rate":'1$block'}}'
		echo '{"benchmark":"one","host":"far","parameters":{"n":'$n',"arm":"b"},"block":'$block',"metrics":{"rate":'2$block'}}'
	done
done >judged.ndjson
is 'with its file a campaign needs no --as' "$(import judged.db judged.ndjson --campaign judged.yaml --inventory far=far.json)" judged.1
ok 'the file is kept' cmp judged.yaml <(joulerig export judged --db judged.db --what campaign | sed '/^#/d')
like 'its compare is asked, and says which way is good' "$(joulerig compare judged --db judged.db --all)" 'improved'
is 'expressions know attributes and the hosts, in whatever order parameters stand' \
	"$(joulerig results judged --db judged.db --only 'arm.kind == "safe" and n == host.cores' --format csv | tail -n +2 | grep -c .)" 1
fails 'a benchmark that it does not have' 2 import judged.db judged.ndjson --campaign judged.yaml --benchmark two --as two
like 'is told' "$(import judged.db judged.ndjson --campaign judged.yaml --benchmark two --as two 2>&1)" "judged.ndjson:1: benchmark: judged.yaml has none called 'two'"
echo 'campaign: [' >broken.yaml
fails 'a file that is none' 2 import judged.db judged.ndjson --campaign broken.yaml --as broken
for bad in far far= =far.json far=nowhere.json far=judged.yaml; do
	fails "--inventory $bad" 2 import judged.db judged.ndjson --inventory "$bad" --as bad
done
fails 'an inventory given twice' 2 import judged.db judged.ndjson --inventory far=far.json --inventory far=far.json --as bad
fails 'an inventory of a host without a run' 2 import judged.db judged.ndjson --inventory fra=far.json --as bad
like 'is told' "$(import judged.db judged.ndjson --inventory fra=far.json --as bad 2>&1)" \
	"--inventory: judged.ndjson has no run of a host 'fra'; did you mean 'far'"
ok 'nothing of them stays' has_no judged.db bad

mkdir -p a-folder
fails "a folder cannot be imported" 2 joulerig import a-folder --db folder.db
like "which is said" "$(cat "$tap_log")" 'import: a-folder is a folder; name a file'
done_testing
