# joulerig compare: planted differences get the right verdict, along an axis and between submissions.
. "$TOP/tests/lib.sh"

# A program that says how long it took: what is planted, and noise of at most 0.6 %, the same in each test.
echo 0 >count
cat >program <<'SH'
#!/bin/sh
n=$(($(cat count) + 1))
echo $n >count
noise=$((n * 7919 % 1201))
echo "cost $(($1 * 1000 + $1 * noise / 200)) rate $(($1 * 1000 + $1 * noise / 200))"
SH
chmod +x program
cat >c.yaml <<'YAML'
campaign: planted
matrix:
  arm: {base: {cost: 100000}, same: {cost: 100000}, worse: {cost: 105000}, better: {cost: 93000}}
  size: [1, 2]
benchmarks:
  one:
    command: [./program, "{arm.cost}"]
    env: {SIZE: "{size}"}
    metrics:
      cost: {pattern: 'cost (\d+)', unit: op, better: lower}
      rate: {pattern: 'rate (\d+)', unit: op/s, better: higher}
      both: {pattern: 'rate (\d+)'}
placement: {cpus: 1}
measure: {energy: off}
repeat: {warmup: 0, blocks: 12}
compare: {by: arm, baseline: base, metrics: [cost, rate], threshold: 2%}
YAML
ok 'a campaign with planted differences' joulerig run c.yaml --quiet

joulerig compare planted --format json >rows.json
verdicts() { jq -r --arg m "$1" '[.[] | select(.metric == $m) | "\(.contender) \(.verdict)"] | unique | join(", ")' rows.json; }
is 'lower is better' "$(verdicts cost)" 'better improved, same unchanged, worse regressed'
is 'higher is better' "$(verdicts rate)" 'better regressed, same unchanged, worse improved'
is 'each row has what programs read' "$(jq -r '.[0] | keys_unsorted | join(" ")' rows.json)" \
	'benchmark parameters host metric baseline contender n ratio low high p p_adjusted verdict flags smallest_effect more_blocks baseline_median contender_median unit equivalence_p rank_p differs i2 between against canary'
is 'pairs are blocks' "$(jq -r '[.[].n] | unique | join(" ")' rows.json)" 12
ok 'ratios lie in their intervals' jq -e 'all(.[]; .low <= .ratio and .ratio <= .high)' rows.json
ok 'the planted 5 % is in its interval' jq -e 'all(.[] | select(.contender == "worse"); .low < 1.05 and .high > 1.05)' rows.json
ok 'adjusted p-values are not below plain ones' jq -e 'all(.[]; .p_adjusted >= .p)' rows.json
ok 'the same numbers again' cmp rows.json <(joulerig compare planted --format json)

joulerig compare planted >table
like 'the table says how' "$(head -n 2 table)" 'arm: the others against base · paired in host and block · ratio with 99 % interval'
like 'and of how many' "$(sed -n 2p table)" '\(Benjamini-Hochberg, 6 comparisons a metric\)'
is 'what got worse stands first' "$(awk '/^cost/ {on = 1} on && /^one/ {print $2; exit}' table)" worse
like 'unchanged ones are counted' "$(cat table)" '12 comparisons: 4 regressed · 4 improved · 4 unchanged \(--all shows them\)'
is 'and shown with --all' "$(joulerig compare planted --all | grep -c '= unchanged')" 4
is 'no line is wider than a page' "$(awk 'length > 110' table)" ''

fails 'the gate closes' 3 joulerig compare planted --metric cost --gate
like 'and says what regressed' "$(joulerig compare planted --metric cost --gate 2>&1 >/dev/null)" 'regressed: cost of one .*"arm":"worse".* [45]\.[0-9]+ % worse'
is 'a metric without a direction only changes' \
	"$(joulerig compare planted --metric both --format json | jq -r '[.[] | "\(.contender) \(.verdict)"] | unique | join(", ")')" \
	'better changed, same unchanged, worse changed'
ok 'and closes no gate' joulerig compare planted --metric both --gate
is 'by ranks the verdicts are the same' \
	"$(joulerig compare planted --ranks --metric cost --format json | jq -r '[.[] | "\(.contender) \(.verdict)"] | unique | join(", ")')" \
	'better improved, same unchanged, worse regressed'
is 'a larger threshold makes the change none' \
	"$(joulerig compare planted --threshold 10% --metric cost --format json | jq -r '[.[].verdict] | unique | join(" ")')" unchanged
is 'another baseline' \
	"$(joulerig compare planted --by arm --baseline worse --metric cost --format json | jq -r '[.[].verdict] | unique | join(" ")')" improved

sed -i 's/cost: 100000}, same/cost: 104000}, same/' c.yaml
ok 'the next night, one arm is worse' joulerig run c.yaml --quiet
is 'two submissions' \
	"$(joulerig compare planted.1 planted.2 --metric cost --format json | jq -r '[.[] | "\(.parameters.arm) \(.verdict)"] | unique | join(", ")')" \
	'base regressed, better unchanged, same unchanged, worse unchanged'
like 'are two samples' "$(joulerig compare planted.1 planted.2 --metric cost | head -n 1)" 'planted.2  planted.2 against planted.1 · two samples, not paired'

fails 'an axis that is none' 2 joulerig compare planted --by arn --baseline base
like 'is told with the nearest' "$(joulerig compare planted --by arn --baseline base 2>&1)" "no axis 'arn'; did you mean 'arm'"
like 'so is a value' "$(joulerig compare planted --by arm --baseline bse 2>&1)" "no arm 'bse'; did you mean 'base'"
like 'and a metric' "$(joulerig compare planted --metric cots 2>&1)" "has a metric 'cots'; did you mean 'cost'"
like 'a baseline must be said where nobody knows it' "$(joulerig compare planted --by size 2>&1)" '--by size needs --baseline'
fails 'alpha is a number' 2 joulerig compare planted --alpha 2
fails 'two campaigns along an axis' 2 joulerig compare planted.1 planted.2 --by arm

# ---- `compare` without an axis: what it says holds between submissions ----
cat >alone.yaml <<'YAML'
campaign: alone
benchmarks:
  one:
    command: [./program, 100000]
    metrics: {cost: {pattern: 'cost (\d+)', unit: op, better: lower}}
placement: {cpus: 1}
measure: {energy: off}
repeat: {warmup: 0, blocks: 10}
compare: {metrics: [cost], threshold: 10%, alpha: 0.02}
YAML
ok 'a campaign of one program' joulerig run alone.yaml --quiet
sed -i 's/100000/105000/' alone.yaml
ok 'that is 5 % worse the next night' joulerig run alone.yaml --quiet
alone() { joulerig compare alone --baseline previous --format json "$@" | jq -r '[.[] | "\(.metric) \(.verdict)"] | join(", ")'; }
is 'its metrics and threshold decide' "$(alone)" 'cost unchanged'
like 'and its alpha' "$(joulerig compare alone --baseline previous --all)" '98 %'
is 'unless others are given' "$(alone --threshold 2%)" 'cost regressed'
is 'trend has them, too' "$(joulerig trend alone --format json | jq -r '[.[].metric] | unique | join(" ")')" cost
fails 'it asks nothing along an axis' 2 joulerig compare alone
like 'and says so' "$(joulerig compare alone 2>&1)" "alone.2 has no 'compare' along an axis; say --by AXIS --baseline VALUE, or --baseline previous"
ok 'results have no ratio' joulerig results alone
is 'and no column of one' "$(joulerig results alone --format csv | head -n 1 | grep -c '\.ratio')" 0
ok 'a report asks nothing either' joulerig report alone --output alone.html
like 'and says how' "$(cat alone.html)" 'asks for no comparison with a baseline'
is 'nor does a plan' "$(joulerig plan alone.yaml --format json | jq -c .compare)" '[]'
done_testing
