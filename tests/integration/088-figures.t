# What figures show by their definition (docs/figures.md), of a campaign that measures all of it: in files, and in a browser.
. "$TOP/tests/lib.sh"

cleanup() { [ -z "${METER-}" ] || kill "$METER" 2>/dev/null; wait; rm -f "$tap_log"; }
trap cleanup EXIT
mkdir m
"$BUILD/tests/meter" --zone name=package-0,power=30W m >m.log 2>&1 &
METER=$!
wait_for 20 test -e m/truth || skip_all "no FUSE here: $(tail -n 1 m.log)"

cat >program <<'SH2'
#!/bin/sh
# Shared data take twice as long, more workers and a faster clock less; long enough for a reading of energy on a busy machine.
sleep "$(awk -v t="$1" -v n="$2" -v f="${3%GHz}" 'BEGIN { print 0.2 + t * 0.2 / n / f }')"
echo "{\"items\": 1000, \"rss\": $((8000000 + $2 * 100000 * $1)), \"vms\": $((90000000 * $2))}"
SH2
chmod +x program
cat >c.yaml <<'YAML'
campaign: drawn
matrix:
  data: {private: {t: 1}, shared: {t: 2}}
  workers: [1, 2, 3, 4]
  clock: [1GHz, 2GHz]
benchmarks:
  dict:
    command: [./program, "{data.t}", "{workers}", "{clock}"]
    work: {value: metric.items, unit: item}
    metrics: {items: {json: items}, rss: {json: rss, unit: B, better: lower}, vms: {json: vms, unit: B, better: lower}}
  spin: {command: [sleep, "0.2"], canary: true, matrix: {data: ~, workers: ~, clock: ~}}
measure: {energy: auto, idle: 500ms, every: 50ms}
repeat: {warmup: 0, blocks: 3}
compare: {by: data, baseline: private, metrics: [time, energy.package]}
report:
  figures:
    - {kind: speedup}
    - {kind: ratio, metric: energy.package}
    - {kind: energy_time}
    - {kind: break_even}
    - {kind: edp}
    - {kind: pareto}
    - {kind: memory}
    - {kind: contention}
    - {kind: frequency}
    - {kind: sequence}
YAML
ok 'a campaign that measures all of it' joulerig run c.yaml --quiet --db d.db --root m
ok 'its page' joulerig report drawn --db d.db -o page.html --figures figures
is 'every figure is there' "$(cd figures && echo *.csv)" 'break_even-1.csv contention-1.csv edp-1.csv energy_time-1.csv frequency-1.csv memory-1.csv pareto-1.csv ratio-1.csv sequence-1.csv speedup-1.csv'
fields() { head -n 1 "figures/$1.csv"; }
like 'speed-up: the law' "$(fields speedup-1)" ',law,contention,coherence,peak,'
like 'ratio: to one alone, gross and net' "$(fields ratio-1)" ',one,one_low,one_high,one_net,'
like 'energy and time: the ratio of powers and what it says' "$(fields energy_time-1)" ',power,ratio,low,high,verdict$'
like 'of a meter that always draws the same power' "$(jq -r '.description' figures/energy_time-1.vl.json)" 'only within the grey range'
like 'in a word' "$(cat figures/energy_time-1.csv)" ',(proportional|not proportional|undecided)$'
like 'break-even: what is saved' "$(fields break_even-1)" ',gross,over,margin,sign,net,net_over,net_margin,net_sign$'
like 'a front over both axes' "$(cat figures/pareto-1.csv)" 'private, workers 4, clock 2GHz'
like 'memory: own metrics in bytes' "$(fields memory-1)" ',b,b_low,b_high,b_ratio,.*,c,c_low,c_high,c_ratio,'
like 'sharing: energy and context switches' "$(fields contention-1)" ',energy,voluntary'
like 'for a unit of work' "$(jq -r .description figures/contention-1.vl.json)" 'for a unit of work'
like 'race to idle: until a horizon' "$(fields frequency-1)" ',until,until_best,horizon,idle,flip'
is 'the canary is in the sequence' "$(grep -c ',spin$' figures/sequence-1.csv)" 3
is 'and nowhere else' "$(grep -l spin figures/*.csv)" figures/sequence-1.csv

command -v chromium >/dev/null || { skip 'in a browser' 'no chromium here'; done_testing; exit; }
chromium --headless=new --no-sandbox --disable-gpu --user-data-dir=probe --dump-dom 'data:text/html,it-runs' 2>/dev/null | grep -q it-runs ||
	{ skip 'in a browser' 'chromium does not start here'; done_testing; exit; }
value() { sed -n "s/^$1 //p" seen; }
for look in '1400 light' '400 dark'; do
	# shellcheck disable=SC2086
	"$TOP/tests/tools/browse" page.html $look >seen
	diag seen
	is "$look: it is ready, without errors" "$(value ready) $(value errors) $(value refused)" 'true 0 0'
	is "$look: every figure is drawn" "$(value drawn)" 10
	is "$look: nothing is wider than the window" "$(value overflow)" 0
	is "$look: the console is silent" "$(grep '^console' seen)" ''
done
done_testing
