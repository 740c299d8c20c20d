# What is done around runs, from the campaign file to the stored results: requires, setup, prepare, cleanup, collect, teardown.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT
log=$PWD/log
sql() { sqlite3 -readonly joulerig.db "$1"; }
did() { sort log 2>/dev/null | uniq -c | awk '{print $2 "=" $1}' | paste -sd' '; : >log; }

mkdir tools && printf '#!/bin/sh\necho "{\\"answer\\": $1}" >out.json\n' >tools/work && chmod +x tools/work
cat >s.yaml <<YAML
campaign: steps
files: [tools]
matrix: {n: [1, 2, 3]}
requires: 'echo requires-{n} >>$log; echo n is {n}; test {n} != 3'
setup: {command: 'echo setup >>$log; echo built >tools/built', timeout: 1min}
teardown: 'echo teardown >>$log; rm tools/built'
benchmarks:
  ask:
    command: [tools/work, "{n}"]
    prepare: [{command: 'echo prepare >>$log'}, {command: 'cat tools/built >{tmp}/made'}]
    cleanup: {command: 'echo cleanup >>$log; test -s {tmp}/made && rm out.json', timeout: 1min}
    collect: {answer: {path: out.json}}
    metrics: {answer: {json: answer, from: out.json}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 2}
YAML
ok "the campaign is good" joulerig check s.yaml
joulerig run s.yaml --quiet >results 2>notes
is "it ends well" $? 0
is "each step as often as it is due" "$(did)" \
	"cleanup=4 prepare=4 requires-1=1 requires-2=1 requires-3=1 setup=1 teardown=1"
joulerig export steps.1 >runs
is "what is not possible is skipped, with the last line as reason" \
	"$(sql "SELECT DISTINCT state || ': ' || reason FROM run WHERE state != 'done'")" "skipped: requires: n is 3"
cat >unknown.yaml <<'YAML'
campaign: unknown
matrix:
  way: {all: {n: 1}, some: {n: {expr: host.labels.none * 2}}, none: {n: {expr: host.labels.none}}}
benchmarks: {say: {command: [echo, "{way.n}"]}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 1}
YAML
joulerig run unknown.yaml --quiet --db unknown.db >unknown.out 2>&1
is "what this host does not tell of ends no campaign" $? 0
is "but is skipped, with the reason" "$(sqlite3 -readonly unknown.db "SELECT state || ': ' || reason FROM run WHERE state != 'done' ORDER BY reason")" \
	'skipped: way.n is nothing here (host.labels.none is nil)
skipped: way.n: host.labels.none is not known here'
cat >alike.yaml <<'YAML'
campaign: alike
matrix: {python: {gil: {n: 1}, nogil+gil: {n: 2}}, threads: [1, 2, 3]}
requires: "test {python.n} = 1 || { echo no such interpreter; exit 1; }"
benchmarks:
  a: {command: [echo, "{python.n}", "{threads}"]}
  b: {command: [echo, "{python.n}", "{threads}"]}
  c: {command: [echo, "{python.n}", "{threads}"], requires: 'test {threads} != 3 || { echo too many; exit 1; }'}
  d: {command: [echo, "{threads}"], requires: 'test {threads} != 2 || { echo not two; exit 1; }', matrix: {python: ~}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 1}
YAML
joulerig run alike.yaml --quiet --db alike.db >alike.out 2>&1
is "reasons alike are one line, with what they have in common" "$(sed -n '/^skipped /!d; s/^skipped / /; s/ on [^ ]*:/ on HOST:/p' alike.out | sed 's/^  */ /' | LC_ALL=C sort)" \
	' a, b python=nogil+gil: 6 configurations on HOST: requires: no such interpreter
 c threads=3: 2 configurations on HOST: requires: too many
 d threads=2 on HOST: requires: not two'
joulerig results alike --db alike.db --only 'one_of(benchmark, "a", "b")' >alike.ab
like "all of one value are called by it" "$(cat alike.ab)" '^skipped  nogil\+gil on [^ ]+: requires: no such interpreter$'
is "on one line" "$(grep -c ^skipped alike.ab)" 1
is "metrics come from the file, before cleanup removes it" \
	"$(jq -r 'select(.state == "done") | .metrics.answer' runs | sort | paste -sd' ')" "1 1 2 2"
is "its size is a metric" "$(jq -r 'select(.state == "done") | .metrics["collect.answer"]' runs | sort -u)" 14
like "and it is kept" "$(joulerig export steps.1 --what output --format ndjson)" 'file:answer'
joulerig run s.yaml --quiet >/dev/null 2>&1
is "after a teardown all begins anew" "$(did)" \
	"cleanup=4 prepare=4 requires-1=1 requires-2=1 requires-3=1 setup=1 teardown=1"

cat >bad.yaml <<YAML
campaign: bad
benchmarks:
  setup: {command: [/bin/true], setup: 'echo first; echo gcc: no such compiler >&2; exit 2'}
  other: {command: [/bin/true], setup: 'true'}
  prepare: {command: [/bin/true], prepare: 'echo no disk >&2; exit 3', cleanup: 'echo cleanup >>$log'}
  cleanup: {command: [/bin/true], cleanup: 'echo stuck; exit 4'}
  gone: {command: [/bin/true], collect: {x: {path: nothing}}}
  fifo: {command: [mkfifo, fifo], collect: {x: {path: fifo}}, cleanup: 'rm fifo'}
  long: {command: 'head -c 5000 /dev/zero >long', collect: {x: {path: long}}, limits: {output: 1KiB}}
  slow: {command: [/bin/true], cleanup: {command: 'sleep 1000', timeout: 100ms}}
teardown: 'echo down; exit 5'
measure: {energy: off}
repeat: {warmup: 0, blocks: 1}
YAML
fails "what fails is told by the status" 1 joulerig run bad.yaml --quiet
joulerig export bad.1 | jq -c '[.run, .benchmark, .state, ([.flags[] | select(test("^c"))] | join(","))]' >runs
of() {
	local run state flags
	IFS=$'\t' read -r run state flags < <(jq -r "select(.[1] == \"$1\") | [.[0], .[2], \"/\" + .[3]] | @tsv" runs)
	echo "$state ${flags#/} $(sql "SELECT reason FROM v_run WHERE campaign = 'bad.1' AND run = $run" | grep -v '^guard: ')"
}
like "a failing setup shows what it wrote" "$(of setup)" '^failed  setup: .*: exit status 2: first; gcc: no such compiler'
like "another setup is not concerned" "$(of other)" '^done '
like "so does a failing prepare" "$(of prepare)" '^failed  prepare: .*: exit status 3: no disk'
is "and cleanup follows it" "$(did)" "cleanup=1"
like "a failing cleanup is a flag and a note" "$(of cleanup)" '^done .*cleanup_failed cleanup: .*: exit status 4: stuck'
like "a missing file, too" "$(of gone)" '^done .*collect_missing collect: x: nothing: No such file'
like "a pipe does not hold anybody up" "$(of fifo)" '^done .*collect_missing collect: x: fifo: is no regular file'
like "a long file is cut" "$(of long)" '^done .*collect_truncated'
is "with its whole size" "$(joulerig export bad.1 | jq -r 'select(.benchmark == "long") | .metrics["collect.x"]')" 5000
like "a step that hangs is ended" "$(of slow)" '^done .*cleanup_failed cleanup: .*sleep 1000: timeout: 100ms'

# On a cluster: each host for itself; an agent that was killed still tears down.
cat >c.yaml <<YAML
campaign: hosts
matrix: {n: [1, 2, 3, 4, 5]}
setup: 'echo setup >>$log'
teardown: 'echo teardown-\$PWD >>$log'
benchmarks: {nap: {command: [sleep, "0.1"], env: {N: "{n}"}}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 4}
YAML
start_coordinator
start_agent alpha
start_agent beta
user() { "$@" --coordinator "$ADDRESS" --keys keys; }
label=$(user joulerig submit c.yaml 2>/dev/null)
progress() { [ "$(user joulerig export "$label" | jq -r 'select(.state == "done") | .run' | wc -l)" -ge 10 ]; }
wait_for 120 progress
kill_agent alpha
start_agent alpha
ok "the campaign ends" user joulerig watch "$label"
torn() { [ "$(grep -c teardown log)" -ge 2 ]; }
ok "each host was torn down" wait_for 120 torn
is "once" "$(sed -n 's/^teardown-.*agents\/\([a-z]*\)\/.*/\1/p' log | sort | paste -sd' ')" "alpha beta"

cat >binary.yaml <<'YAML'
campaign: binary
benchmarks: {a: {command: 'head -c 300000 /dev/urandom >bin; sha256sum <bin; echo out', collect: {bin: {path: bin}}}}
repeat: {warmup: 1, blocks: 2}
YAML
ok "a campaign that collects what is no text" joulerig run binary.yaml --quiet
ok "its files come out" joulerig export binary --what output --to out
is "of counted runs, each with its streams" "$(cd out && find . -type f | sort | tr '\n' ' ')" './2/bin ./2/stdout ./3/bin ./3/stdout '
for run in 2 3; do is "byte for byte ($run)" "$(sha256sum <"out/$run/bin")" "$(head -n 1 "out/$run/stdout")"; done
fails "nothing is written over" 5 joulerig export binary --what output --to out
fails "files are of output alone" 2 joulerig export binary --to other

# ---- a setup that many runs need ----
cat >same.yaml <<'YAML'
campaign: same
matrix: {n: [1, 2]}
setup: 'echo no compiler here >&2; exit 3'
benchmarks: {a: {command: ["true", "{n}"]}, b: {command: ["true", "{n}"]}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 2}
YAML
fails "a setup that fails" 1 joulerig run same.yaml
is "is told once, with how many runs" "$(grep -E '^run |more runs' "$tap_log" | sed 's/^run [0-9]* (.*)/run/' | paste -sd';')" \
	'run failed: setup: /bin/sh -c echo no compiler here >&2; exit 3: exit status 3: no compiler here;7 more runs failed as their setup did, as above'
done_testing
