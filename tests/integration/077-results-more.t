# joulerig results: statistics beside the median, drift, what did not count, --only, --columns, --sort, and the terminal.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

cat >program <<'SH'
#!/bin/sh
n=$(($(cat count."$1" 2>/dev/null || echo 0) + 1))
echo $n >count."$1"
case $1 in
steady) echo "cost $((1000 + n * 7919 % 7))" ;;
warming) echo "cost $((1000 + 20 * n))" ;;
jumpy) echo "cost $((n == 4 ? 9000 : 1000 + n * 7919 % 7))" ;;
broken) echo "no luck" >&2; exit 3 ;;
slow) exec sleep 60 ;;
esac
SH
chmod +x program
cat >r.yaml <<'YAML'
campaign: more
matrix:
  arm: {steady: {kind: good}, warming: {kind: good}, jumpy: {kind: good}, broken: {kind: bad}}
  size: [1, 2]
  exclude: [{arm: [warming, jumpy, broken], size: 2}]
  derived: {big: size > 1}
benchmarks:
  one:
    command: [./program, "{arm}"]
    metrics: {cost: {pattern: 'cost (\d+)', unit: op, better: lower}}
  late:
    command: [./program, slow]
    matrix: {arm: [slow], size: [1]}
    limits: {timeout: 100ms}
  large:
    command: ["true"]
    matrix: {arm: [large], size: [1]}
    placement: {cpus: 4000}
measure: {energy: off}
repeat: {warmup: 1, blocks: 9}
limits: {attempts: 1}
compare: {by: arm, baseline: steady, metrics: [cost]}
YAML
fails 'a campaign with good and bad programs' 1 joulerig run r.yaml --quiet --db s.db
results() { joulerig results more --db s.db "$@"; }
results --format json >rows.json
row() { jq -r --arg arm "$1" "[.[] | select(.parameters.arm == \$arm)][0] | $2" rows.json; }

# The same numbers out of the exported runs.
joulerig export more --db s.db --format ndjson >runs.ndjson
jq -s '[.[] | select(.parameters.arm == "steady" and .parameters.size == 1) | .metrics.cost]' runs.ndjson >values.json
is 'nine runs count' "$(jq length values.json)" 9
ok 'the mean is that of the runs' jq -en --argjson mean "$(row steady '."cost.mean"')" \
	'input | (add / length - $mean) | fabs < 1e-6' values.json
ok 'the coefficient of variation, too' jq -en --argjson cv "$(row steady '."cost.cv"')" \
	'input | (add / length) as $m | ((map((. - $m) * (. - $m)) | add / (length - 1) | sqrt) / $m - $cv) | fabs < 1e-9' values.json
is 'the old columns stand where they stood' "$(jq -r '.[0] | keys_unsorted[:9] | join(" ")' rows.json)" \
	'campaign benchmark host parameters n failed skipped time time.low'
is 'what is new stands behind' "$(jq -r '.[0] | keys_unsorted[-6:] | join(" ")' rows.json)" \
	'cost.mean cost.cv cost.outliers cost.drift flags excluded'
is 'an outlier is counted, and kept' "$(row jumpy '."cost.outliers", ."n"' | xargs)" '1 9'
is 'a drift has its size' "$(row warming '."cost.drift" * 100 | round')" 14
is 'what is steady has none' "$(row steady '."cost.drift"')" null
is 'warm-up does not count' "$(row steady '.excluded | tojson')" '[{"why":"warm-up","n":1}]'
like 'failed runs and why' "$(row broken '.excluded | tojson')" '\{"why":"failed","reason":"exit status 3.*","n":9\}'
like 'those that were late' "$(row slow '.excluded | tojson')" '\{"why":"timeout","reason":".*","n":9\}'
like 'and those that could not be' "$(row large '.excluded | tojson')" '\{"why":"skipped","reason":".*4000.*","n":[0-9]+\}'
is 'flags are counted' "$(row steady '.flags | type')" object

results --columns cost >table
like 'the table marks outliers and drift' "$(cat table)" '^.  drifts by \+14 % from the first block to the last \(kept\)$'
like 'and says what counted' "$(cat table)" '^counted  36 of [0-9]+ runs: without 9 failed, 9 timed out, [0-9]+ skipped, [0-9]+ warm-up$'
like 'each failure once' "$(cat table)" '^failed   9 runs \(one arm=broken size=1 [^ ]+\): exit status 3'

# What many configurations are skipped for is said once, with all that it is of, neighbours or not.
cat >lacks.yaml <<'YAML'
campaign: lacks
matrix: {n: [1, 2]}
benchmarks:
  a: {command: ["true"], requires: "echo no module x; exit 1"}
  b: {command: ["true"]}
  c: {command: ["true"], requires: "echo no module x; exit 1"}
  d: {command: ["true"], requires: "echo no module {n}; exit 1"}
measure: {energy: off}
repeat: {warmup: 0, blocks: 1}
YAML
lacks=$(joulerig run lacks.yaml --quiet --db lacks.db 2>&1)
is 'a reason once' "$(grep -c '^skipped ' <<<"$lacks")" 3
like 'with all benchmarks that it is of' "$lacks" '^skipped  a, c: 4 configurations on [^ ]+: requires: no module x$'
like 'or the configuration, where it is one' "$lacks" '^skipped  d n=2 on [^ ]+: requires: no module 2$'

# So are remarks that differ in their numbers alone.
sqlite3 lacks.db "UPDATE run SET reason = 'guard: others used ' || (id * 17) || ' ms' WHERE state = 'done'"
like 'a remark once, with how many it is of' "$(joulerig results lacks --db lacks.db)" \
	'^note     2 of 2 runs \(b n=1 [^ ]+ and 1 more\): guard: others used [0-9]+ ms, and the like$'

# ---- --only ----

arms() { results --format json "$@" | jq -r '[.[] | .parameters.arm] | unique | join(" ")'; }
is '--only by a parameter' "$(arms --only 'size == 2')" steady
is 'by an attribute of its value' "$(arms --only 'arm.kind == "bad"')" broken
is 'by a derived one' "$(arms --only 'big')" steady
is 'by the benchmark' "$(arms --only 'benchmark == "late"')" slow
is 'by the host' "$(arms --only 'host.cores >= 1 and arm == "jumpy"')" jumpy
like 'the table says so' "$(results --only 'size == 2')" '^only size == 2: 1 of 7$'
unlike 'and counts its own alone' "$(results --only 'size == 2')" '^(failed|counted)'
fails 'it may hold for none' 2 joulerig results more --db s.db --only 'size == 3'
like 'and says so' "$(results --only 'size == 3' 2>&1)" '--only size == 3: it holds for no configuration of more\.1'
fails 'an unknown name' 2 joulerig results more --db s.db --only 'sise == 2'
like 'has a nearest one' "$(results --only 'sise == 2' 2>&1)" "did you mean 'size'"
fails 'no expression at all' 2 joulerig results more --db s.db --only ''

# A campaign without its file, as imported ones are: parameters, host.name and benchmark are left.
sqlite3 s.db ".backup bare.db"
sqlite3 bare.db "UPDATE campaign SET yaml = ''"
bare() { joulerig results more --db bare.db --format json "$@" | jq -r '[.[] | .parameters.arm] | unique | join(" ")'; }
is '--only without a file' "$(bare --only 'size == 2 or arm == "broken"')" 'broken steady'
is 'its numbers are numbers' "$(bare --only 'size > 1.5 and host.name ~= "" and benchmark == "one"')" steady
fails 'attributes are gone with it' 2 joulerig results more --db bare.db --only 'arm.kind == "bad"'

# ---- --columns and --sort ----

like 'statistics of a metric' "$(results --columns cost.mean,cost.max)" 'cost\.mean op +cost\.max op'
like 'a statistic alone is that of the time' "$(results --columns deviation)" 'time\.deviation s'
like 'one that rows have not is added to them' "$(results --format csv --columns cost.max | head -n 1)" 'cost\.drift,cost\.max,flags,excluded$'
is 'one that is named twice stands once' "$(results --columns deviation,time.deviation,deviation | grep -o 'time\.deviation s' | uniq -c | awk '{print $1}' | sort -u)" \
	"$(results --columns deviation | grep -o 'time\.deviation s' | uniq -c | awk '{print $1}' | sort -u)"
fails 'an unknown one' 2 joulerig results more --db s.db --columns cost.men
like 'has a nearest one, too' "$(results --columns meen 2>&1)" "did you mean 'mean'"
is '--sort' "$(results --only 'benchmark == "one" and size == 1 and arm ~= "broken"' --sort cost.max --format json | jq -r '[.[].parameters.arm] | join(" ")')" \
	'steady warming jumpy'
is 'the largest first' "$(results --only 'benchmark == "one" and size == 1 and arm ~= "broken"' --sort=-cost.max --format json | jq -r '[.[].parameters.arm] | join(" ")')" \
	'jumpy warming steady'
is 'what has no value comes last either way' "$(results --sort=-cost --format json | jq -r '.[-1].benchmark')" large
like '--bars' "$(results --bars)" '█████'

# ---- a host that drifts ----

sqlite3 s.db ".backup warm.db"
sqlite3 warm.db "UPDATE run SET time = 1000000000 + block * 5000000 + configuration * 100000000 WHERE state = 'done'"
like 'many together are the machine' "$(joulerig results more --db warm.db | tr -s '\n ' ' ')" \
	'drift [^ ]+: the time of 4 of 4 configurations drifts up over the blocks, by \+[0-9.]+ % on average: that is the machine'
sqlite3 warm.db "UPDATE run SET time = 1000000000 + (block * 7919 % 5) * 5000000 WHERE state = 'done' AND configuration > 1"
unlike 'one or two are not' "$(joulerig results more --db warm.db)" '^drift'

# ---- the terminal ----

if command -v script >/dev/null; then
	widest() { script -qec "stty cols $1; joulerig results more --db s.db --columns cost" /dev/null | tr -d '\r' | grep -E '^(arm|size|n)  ' | LC_ALL=C.UTF-8 wc -L; }
	ok 'a narrow terminal gets a narrow table' [ "$(widest 76)" -le 76 ]
	ok 'a wide one more of it' [ "$(widest 200)" -gt "$(widest 76)" ]
else
	skip 'a narrow terminal gets a narrow table' 'no script'
fi
is 'a pipe gets a page of 100' "$(($(results --columns cost | grep -E '^(arm|size|n)  ' | LC_ALL=C.UTF-8 wc -L) <= 100))" 1

# ---- by a coordinator ----

mv s.db c.db
results() { joulerig results more --db c.db --format json "$@"; }
start_coordinator
is 'a coordinator gives the same' "$(results)" "$(cat rows.json)"
is 'with --only, too' "$(results --only 'arm.kind == "bad"' | jq -r '[.[].parameters.arm] | join(" ")')" broken
# A store of others may hold anything; a terminal must not obey it.
printf '{"results":[{"command":"a","times":[1,1.1,1.2],"parameters":{"n":"1","x":"one-red"}},{"command":"a","times":[2,2.1,2.2],"parameters":{"n":"2","x":"one-red"}}]}' >hostile.json
ok 'a hostile name' joulerig import hostile.json --from hyperfine --as hostile
sqlite3 joulerig.db "UPDATE configuration SET parameters = replace(parameters, 'one-red', 'one\u001b[31mred')"
like 'is shown' "$(joulerig results hostile)" 'x=one .31mred on'
for c in 'results hostile' 'trend hostile --all' 'compare hostile --by n --baseline 1 --all'; do
	# shellcheck disable=SC2086
	is "and harms no terminal: $c" "$(joulerig $c 2>&1 | tr -cd '\033' | wc -c)" 0
done
done_testing
