# compare: what it asks where no option says, and options that do not go together.
. "$TOP/tests/lib.sh"

cat >program <<'SH'
#!/bin/sh
echo "cost $(($(cat level) * (100 + $(echo "$1" | cut -c 2-)))) size 7"
SH
chmod +x program
cat >c.yaml <<'YAML'
campaign: asks
matrix: {arm: [a0, a20, a40], side: [s0]}
benchmarks:
  one:
    command: [./program, "{arm}"]
    metrics: {cost: {pattern: 'cost (\d+)', better: lower}, size: {pattern: 'size (\d+)', better: lower}}
placement: {cpus: 1}
measure: {energy: off}
repeat: {warmup: 0, blocks: 8}
compare:
  - {by: arm, baseline: a0, metrics: [cost], threshold: 30%, alpha: 0.05}
  - {by: arm, baseline: a20, metrics: [size], threshold: 1%, alpha: 0.02}
YAML
for level in 1000 1200 1210 1220 1230; do
	echo $level >level
	joulerig run c.yaml --quiet >/dev/null 2>&1
done
out=$(joulerig compare asks.1 asks.2 --all)
like 'two submissions: the metrics of all comparisons' "$(echo "$out" | grep -c '^cost\|^size')" '^2$'
like 'and the levels of the first' "$out" 'changed: beyond .30 % and adjusted p . 0\.05'
unlike 'an option says otherwise' "$(joulerig compare asks.1 asks.2 --metric cost --alpha 0.03 --all)" '^size'
like 'also of a level' "$(joulerig compare asks.1 asks.2 --threshold 2%)" 'beyond .2 % and adjusted p . 0\.05'
like 'an earlier one' "$(joulerig compare asks.2 --baseline previous)" 'beyond .30 %'
like 'some earlier ones' "$(joulerig compare asks.5 --baseline last-3 --all)" 'beyond .30 %'
out=$(joulerig compare asks.1 --all)
like 'two comparisons along one axis: the first' "$out" 'arm: a20 and a40 against a0|against a0'
like 'and the second' "$out" 'against a20'
is 'a metric twice is one family' "$(joulerig compare asks.1 --by arm --baseline a0 --metric cost --metric cost --format ndjson | wc -l)" 2

# Options of which one would do nothing.
for options in 'asks.2 --baseline asks.1' '--baseline previous --band 5%' '--ranks --rank-test' '--baseline last-3 --ranks' \
	'--baseline last-3 --rank-test' '--baseline last-3 --per core' '--by arm --baseline a0 --show residual --metric cost' \
	'--by arm --baseline a0 --show break-even --per core' '--by arm --chain a0,a20,a40 --show residual' \
	'--by arm --chain a0,a20,a40 --metric cost --all' '--by arm --chain a0,a20,a40 --metric cost --threshold 1%'; do
	like "refused: $options" "$(joulerig compare asks.5 $options 2>&1 | tr '\n' ' '; echo "exit ${PIPESTATUS[0]}")" '(does nothing with|alone).*exit 2'
done
ok 'a chain has metrics' joulerig compare asks.5 --by arm --chain a0,a20,a40 --metric cost

# A night on which nothing works: the gate closes, and its report tells what is broken.
cat >n.yaml <<'YAML'
campaign: night
matrix: {arm: [a, b]}
benchmarks: {one: {command: [./job, "{arm}"]}}
placement: {cpus: 1}
measure: {energy: off}
repeat: {warmup: 0, blocks: 2}
compare: {by: arm, baseline: a, metrics: [time]}
YAML
printf '#!/bin/sh\nexit $(cat status)\n' >job
chmod +x job
echo 0 >status
joulerig run n.yaml --quiet >/dev/null 2>&1
echo 1 >status
joulerig run n.yaml --quiet >/dev/null 2>&1
fails 'all failed, against the night before' 1 joulerig compare night --baseline previous --gate
fails 'all failed, along an axis' 1 joulerig compare night --gate
like 'its report' "$(joulerig compare night --baseline previous --gate --format junit 2>/dev/null)" '<error message="failed: one'
fails 'without a gate there is nothing to compare' 2 joulerig compare night --baseline previous
like "trend: a threshold of none" "$(joulerig trend asks --metric cost --threshold 0% | sed -n 2p)" "beyond .0 %"
fails "trend: --since without --gate" 2 joulerig trend asks --metric cost --since asks.2
done_testing
