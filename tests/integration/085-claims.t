# report: claims. What is planted is replicated, contradicted or left open, of each and of the best configuration.
. "$TOP/tests/lib.sh"

# Noise of at most 0.4 %; b costs 20 % more than a at size 1 and 50 % more at size 2.
echo 0 >count
cat >program <<'SH'
#!/bin/sh
n=$(($(cat count) + 1))
echo $n >count
cost=$(($2 * 100000))
[ "$1" != b ] || cost=$((cost * (100 + 20 + 30 * ($2 - 1)) / 100))
echo "cost $((cost + cost * (n * 7919 % 401) / 100000)) ops $((1000 * $2))"
SH
chmod +x program
cat >c.yaml <<'YAML'
campaign: claimed
matrix: {arm: {a: {kind: plain}, b: {kind: safe}}, size: [1, 2]}
benchmarks:
  one:
    command: [./program, "{arm}", "{size}"]
    metrics:
      cost: {pattern: 'cost (\d+)', unit: op, better: lower}
      ops: {pattern: 'ops (\d+)', better: higher}
  other:
    command: [./program, "{arm}", "{size}"]
    metrics: {cost: {pattern: 'cost (\d+)', unit: op, better: lower}}
    matrix: {size: [2]}
  sizeless:
    command: [./program, "{arm}", "1"]
    metrics: {cost: {pattern: 'cost (\d+)', unit: op, better: lower}}
    matrix: {size: ~}
placement: {cpus: 1}
measure: {energy: off}
repeat: {warmup: 0, blocks: 8}
report:
  claims:
    - {name: C1, says: 'a fifth more', metric: cost, by: arm, contender: b, baseline: a, only: size == 1, within: [1.15, 1.25]}
    - {name: C2, metric: cost, by: arm, contender: b, baseline: a, only: size == 2, within: [1.15, 1.25]}
    - {name: C3, metric: cost, by: arm, contender: b, baseline: a, within: [1.1, 1.6]}
    - {name: C4, metric: cost, by: arm, contender: b, baseline: a, within: [1.1, 1.3]}
    - {name: C5, metric: cost, by: arm, contender: b, baseline: a, within: [1.1, 1.3], of: best}
    - {name: C6, metric: cost, by: arm, contender: b, baseline: a, only: size == 1, within: [1.2, 1.3]}
    - {name: C7, metric: 'metric.cost / metric.ops', by: arm, contender: b, baseline: a, within: [1.15, 1.25], of: best}
    - {name: C9, metric: 'metric.cost * size', by: arm, contender: b, baseline: a, only: size == 1, within: [1.15, 1.25]}
    - {name: C8, metric: ops, by: arm, contender: b, baseline: a, only: benchmark == "other", within: [0.9, 1.1]}
    - {name: C10, metric: 'metric.cost * size', by: arm, contender: b, baseline: a, only: size ~= nil and size > 9, within: [1.15, 1.25]}
    - {name: C11, metric: 'metric["energy.package"] / metric.time', by: arm, contender: b, baseline: a, within: [1.15, 1.25]}
YAML
ok 'a campaign with claims' joulerig check c.yaml
joulerig run c.yaml --quiet >/dev/null 2>&1
ok 'its report' joulerig report claimed -o page.html
# A line a claim: its name, and the verdict of its first host.
sed -n '/id="claims"/,/<\/section>/p' page.html >claims.html
sed 's/<[^>]*>/ /g' claims.html | awk '
	$1 ~ /^C[0-9]+:?$/ { name = $1; sub(":", "", name) }
	/It cannot be answered/ { print name, "no answer" }
	/ (each|the best) +of [0-9]/ { print name, $NF }' >verdicts
verdict() { sed -n "s/^$1 //p" verdicts; }
is 'inside' "$(verdict C1)" replicated
is 'outside' "$(verdict C2)" contradicted
is 'each of several inside' "$(verdict C3)" replicated
is 'one of several outside contradicts' "$(verdict C4)" contradicted
is 'the best of them is inside' "$(verdict C5)" replicated
is 'on a bound nothing can be said' "$(verdict C6)" inconclusive
is 'of an expression over metrics, which has no better: what goes farthest' "$(verdict C7)" contradicted
is 'of an expression that names a parameter, too' "$(verdict C9)" replicated
is 'of what was not measured' "$(verdict C8)" 'no answer'
is 'what it speaks of is not there' "$(verdict C10)" 'no answer'
like 'which is no matter of what other benchmarks lack' "$(cat claims.html)" 'no run that it speaks of has the metrics of metric.cost \* size'
like 'what was not measured is named' "$(cat claims.html)" "no run has a metric (&#39;|')energy.package"
like 'in words' "$(cat claims.html)" 'C1: a fifth more.*'
like 'in short: how many hold' "$(cat page.html)" '<li><b>all hosts</b>|<li><b>[^<]*</b>: [0-9]+ replicated \(C1, '
like 'and which have no answer' "$(cat page.html)" '<li>3 not answered \(C8, C10, C11\)</li>'
is 'the answer comes before what it is made of' "$(grep -oE '<section id="(claims|verdicts)"' page.html | paste -sd' ')" '<section id="claims" <section id="verdicts"'
like 'with its bounds' "$(cat claims.html)" 'cost of arm=b / arm=a within 1\.15 and 1\.25, where size == 1'
like 'with the ratio that decides' "$(cat claims.html)" '1\.(19|20)[0-9]* \['
like 'the best of four is picked: at a higher level' "$(cat claims.html)" 'of 4, each at 99\.75 %'
done_testing
