# Metrics of a campaign's own: every way to find, take, compute and check them, and how they show.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

cat >all.yaml <<'YAML'
campaign: all
matrix: {n: [1, 2]}
benchmarks:
  a:
    command: |
      echo 'lap 3'; echo 'lap 1'; echo 'lap 2'; echo VALID
      echo '{"ops": 1000, "sum": "ab{n}", "big": 18446744073709551615, "ok": true, "t": [1.5, 2.5, 9]}'
      echo '{"x": 7}' >{tmp}/x.json; echo 42 >y.txt; echo 'err 5 us' >&2
    metrics:
      ops: {json: ops, unit: op, better: higher}
      sum: {json: sum, expect: {same: [n]}}
      big: {json: big, expect: same}
      ok: {json: ok, expect: {value: true}}
      lap_first: {pattern: 'lap (\d)', take: first}
      lap_last: {pattern: 'lap (\d)'}
      lap_min: {pattern: 'lap (\d)', take: min}
      lap_max: {pattern: 'lap (\d)', take: max}
      lap_mean: {pattern: 'lap (\d)', take: mean}
      lap_sum: {pattern: 'lap (\d)', take: sum}
      laps: {pattern: 'lap (\d)', take: all, unit: s, better: lower}
      t: {json: /t, take: all, scale: 10}
      valid: {pattern: 'VALID', expect: match}
      x: {json: x, from: "{tmp}/x.json", expect: {range: [1, 7]}}
      y: {pattern: '(\d+)', from: y.txt}
      e: {pattern: 'err (\d+) us', from: stderr, unit: s, scale: 1e-6}
      none: {json: gone, optional: true}
      rate: {expr: 'metric.ops / metric.time', unit: op/s, better: higher}
      doubled: {expr: 'metric.rate * 2'}
      unmeasured: {expr: 'metric["energy.package"] / metric.time', optional: true}
    work: {value: metric.ops * n, unit: op}
measure: {energy: off}
repeat: {warmup: 1, blocks: 2}
compare: {by: n, baseline: 1, metrics: [laps, throughput]}
YAML
ok "a campaign with every kind of metric runs" joulerig run all.yaml --db s.db --quiet
joulerig export all.1 --db s.db >all.ndjson
metric() { jq -c "select(.run == 3) | .metrics[\"$1\"]" all.ndjson; }
is "json" "$(metric ops)" 1000
is "take: first, last, min, max, mean, sum" \
	"$(for m in first last min max mean sum; do metric lap_$m; done | tr '\n' ' ')" "3 2 1 3 2 6 "
is "of a series the metric is the median" "$(metric laps) $(metric t)" "2 25"
is "the series stays, in its order and scaled" "$(jq -c .series all.ndjson | sort -u)" '{"laps":[3,1,2],"t":[15,25,90]}'
is "texts are apart from numbers" "$(jq -c 'select(.run == 3) | .texts | (.ok, .sum)' all.ndjson | tr '\n' ' ')" "\"true\" \"ab$(jq 'select(.run == 3) | .parameters.n' all.ndjson)\" "
is "a 64-bit checksum keeps its digits" "$(grep -oE '"big":[0-9]+' all.ndjson | sort -u)" '"big":18446744073709551615'
is "from a file in {tmp}, and one in the folder" "$(metric x) $(metric y)" "7 42"
is "scale is exact" "$(metric e)" 5e-06
is "what is not there and optional is not there" "$(metric none) $(metric unmeasured) $(metric valid)" "null null null"
is "expr uses metrics that were measured and that were computed" \
	"$(jq -c '.metrics | (.rate == .ops / .time), (.doubled == 2 * .rate)' all.ndjson | sort -u)" true
is "work gives throughput and time.per_work" "$(jq -c '(.metrics.ops * .parameters.n) as $w | .metrics |
	((.throughput * .time / $w - 1 | fabs) < 1e-9), ((.["time.per_work"] * $w / .time - 1 | fabs) < 1e-9)' all.ndjson | sort -u)" true
is "with their units" "$(jq -r '.units | .throughput + " " + .["time.per_work"] + " " + .laps' all.ndjson | sort -u)" "op/s s/op s"
is "files are kept as output" "$(joulerig export all.1 --db s.db --what output | jq -r 'select(.run == 3 and (.stream | startswith("file"))) | .stream + " " + .text' | tr '\n' ';')" \
	'file:from:y.txt 42;;file:from:{tmp}/x.json {"x": 7};;'
is "v_series has a row a value" "$(sqlite3 s.db "SELECT group_concat(place || ':' || value) FROM v_series WHERE run = 3 AND name = 'laps'")" "1:3.0,2:1.0,3:2.0"
is "v_metric has the text" "$(sqlite3 s.db "SELECT text FROM v_metric WHERE run = 3 AND name = 'ok'")" true
is "csv has both in columns" "$(joulerig export all.1 --db s.db --format csv | head -n 1 | tr ',' '\n' | grep -cxE 'ok|big|laps')" 3
joulerig results all.1 --db s.db >table
like "results shows what is compared first, with ratios" "$(cat table)" '^n +n +time s .* laps s +× +throughput op/s +×'
unlike "answers are no columns" "$(grep -E '^n ' table)" ' (big|sum|ok)( |$)'
like "runs are what is counted, not values of a series" "$(joulerig results all.1 --db s.db --format csv | head -n 2 | tail -n 1)" '"\{""n"":1\}",2,0,0'
like "what has no room is named" "$(cat table)" 'no room for .*time\.per_work'
like "and to be had" "$(joulerig results all.1 --db s.db --columns time.per_work)" 'time\.per_work s/op'

cat >tiny.yaml <<'YAML'
campaign: tiny
benchmarks: {a: {command: "echo 3.4e-11 0.00025", metrics: {tiny: {pattern: '^(\S+)'}, small: {pattern: ' (\S+)'}}}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 6}
YAML
joulerig run tiny.yaml --db tiny.db --quiet >tiny
like "a tiny number keeps its digits" "$(cat tiny)" ' 3\.400e-11 \[3\.400e-11, 3\.400e-11\]'
like "a small one is plain" "$(joulerig results tiny --db tiny.db --columns small)" ' 0\.0002500 \[0\.0002500, 0\.0002500\]'
joulerig results tiny --db tiny.db --format markdown >tiny.md
is "in Markdown the lines below keep their form" "$(grep -c '^```$' tiny.md) $(tail -n 1 tiny.md)" '2 ```'

# A wrong answer each: the metric, what the program prints, the reason.
wrong() {
	printf 'campaign: wrong\nbenchmarks:\n  a:\n    command: %s\n    metrics: {x: %s}\n%s\nmeasure: {energy: off}\nrepeat: {warmup: 0, blocks: 1}\n' \
		"$2" "$1" "${4:-}" >wrong.yaml
	fails "wrong: $1" 1 joulerig run wrong.yaml --db w.db --quiet
	label=wrong.$(sqlite3 w.db 'SELECT count(*) FROM campaign')
	like "  is told" "$(joulerig runs "$label" --db w.db --failed --format csv)" "$3"
	like "  by results, too" "$(joulerig results "$label" --db w.db | tr -s '\n ' ' ')" 'failed 1 run'
}
wrong "{json: a}" "echo no json" 'no JSON value that begins at the start of a line in stdout'
wrong "{json: a, expect: {value: abc}}" "[echo, '{\"a\": \"abd\"}']" "x is 'abd', expected 'abc'"
wrong "{json: a, expect: {range: [1, 2]}}" "[echo, '{\"a\": 3}']" "x is 3, expected 1 to 2"
wrong "{pattern: GOOD, expect: match}" "echo BAD" "nothing in stdout matches 'GOOD'"
wrong "{pattern: '(.*)', from: gone.txt}" "echo a" "the run left no file 'gone.txt'"
wrong "{pattern: 'n=(\\w+)'}" "echo n=five" "'five' in stdout is no number"
wrong "{expr: 'metric.time > 0 and nil'}" "echo a" 'gives nil'
wrong "{pattern: '(\\d+)'}" "echo 0" 'work is 0, expected more than 0' '    work: metric.x'
wrong "{pattern: '(\\d+)'}" "echo 1" 'work: its expression gives nil' '    work: metric["energy.package"]'
wrong "{pattern: '(\\d+)', take: sum}" "seq 999" 'longer than what is kept of it' '    limits: {output: 1KiB}'

# A program that gets it wrong now and then: an answer that is not that of the others has failed.
echo 0 >count
cat >race.yaml <<YAML
campaign: race
matrix: {threads: [1, 2], size: [10, 20]}
benchmarks:
  sum:
    command: 'n=\$(cat $PWD/count); echo \$((n + 1)) >$PWD/count; [ \$n = 9 ] && echo sum=bad || echo sum=c{size}'
    metrics: {checksum: {pattern: 'sum=(.*)', expect: {same: [size]}}}
measure: {energy: off}
repeat: {warmup: 1, blocks: 4}
YAML
fails "a planted race is caught" 1 joulerig run race.yaml --db s.db --quiet
is "in the run that it was in" "$(joulerig export race.1 --db s.db --warmup | jq -r 'select(.state == "failed") | .run')" 10
is "whose wrong answer can be seen" "$(joulerig export race.1 --db s.db | jq -r 'select(.state == "failed") | .texts.checksum')" bad
like "and the reason names the run that it differs from" "$(joulerig runs race.1 --db s.db --failed --format csv)" \
	"checksum is 'bad', expected 'c[12]0' as in run [1-4] on [^ ]+ \(sum size=[12]0\)"
is "the others are done" "$(joulerig export race.1 --db s.db --warmup | jq -r .state | sort | uniq -c | tr -s ' \n' ' ')" " 19 done 1 failed "

# What runs must have in common outlives the coordinator.
echo good >answer
echo 30 >most # so many runs end until it says more
cat >kept.yaml <<YAML
campaign: kept
benchmarks: {a: {command: 'cat $PWD/answer; echo >>$PWD/begun; until [ \$(wc -l <$PWD/begun) -le \$(cat $PWD/most) ]; do sleep 0.05; done', metrics: {checksum: {pattern: '(.+)', expect: same}}}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 60}
YAML
start_coordinator
start_agent alpha
user() { joulerig "$@" --coordinator "$ADDRESS" --keys keys; }
user submit kept.yaml >/dev/null
some_are_done() { [ "$(user export kept.1 2>/dev/null | jq -r 'select(.state == "done") | .run' | wc -l)" -ge 5 ]; }
ok "some runs are done" wait_for 120 some_are_done
# Nobody but the store knows the answer any more: what the agent has not handed over is gone, too.
kill_agent alpha
kill_coordinator
rm -rf agents/alpha/spool
echo evil >answer
echo 1000000 >most
start_coordinator
start_agent alpha
fails "after a restart of the coordinator another answer is wrong" 1 user watch kept.1
user export kept.1 >kept.ndjson
is "for all who give it" "$(jq -r 'select(.texts.checksum == "evil") | .state' kept.ndjson | sort -u)" failed
is "and only these" "$(jq -r 'select(.state == "failed") | .texts.checksum' kept.ndjson | sort -u)" evil
like "told by the first answer" "$(user runs kept.1 --failed --format csv)" "checksum is 'evil', expected 'good' as in run [0-9]+ on alpha \(a\)"
done_testing
