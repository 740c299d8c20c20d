# joulerig plan: what would run on this machine, or on another one's tree.
. "$TOP/tests/lib.sh"

cat >c.yaml <<'Y'
campaign: planned
matrix: {size: [1, 2], kind: [a, b], exclude: [{size: 2, kind: b}]}
benchmarks:
  first: {command: [/bin/true, "{size}", "{kind}"]}
  second: {command: [/bin/true], matrix: {size: ~, kind: ~}, placement: {cpus: 65536}}
repeat: {warmup: 1, blocks: 7}
Y

ok 'a plan is made' joulerig plan c.yaml
table=$(joulerig plan c.yaml)
like 'it lists configurations' "$table" '^first +1 .* size=1 kind=b$'
unlike 'not the excluded ones' "$table" 'size=2 kind=b'
unlike 'which is no error' "$(joulerig plan c.yaml 2>&1 >/dev/null)" 'error'
like 'what is skipped has its reason' "$table" '^skipped  second .*65536 CPUs asked for'
like 'it counts runs' "$table" '^runs     32: 4 configurations, 7 blocks and 1 warm-up pass; 8 of them skipped'
like 'it does not guess how long it takes' "$table" '^time .*no estimate'

json=$(joulerig plan c.yaml --format json)
like 'as JSON it is one object' "$json" '^\{"campaign":"planned",.*"runs":32\}$'
like 'with skipped ones' "$json" '"skipped":\[\{"benchmark":"second","parameters":\{\},'
fails 'another format is an error' 2 joulerig plan c.yaml --format csv

like '--blocks changes the count' "$(joulerig plan c.yaml --blocks 9)" '^runs     40:'
like '--set changes the axis' "$(joulerig plan c.yaml --set size=5)" 'size=5 kind=b$'

fails 'a campaign with errors exits with 2' 2 joulerig plan "$TOP/tests/campaigns/bad/several-mistakes.yaml"
sed 's|size: \[1, 2\]|&, where: size // 0 == 1|' c.yaml >zero.yaml
fails 'and so does one whose errors only a host shows' 2 joulerig plan zero.yaml
like 'which has its line' "$(joulerig plan zero.yaml 2>&1)" 'line 2: where: it divides by zero \(size is 1\)$'

# What placement asks for may come through attributes, and of other axes than those that have them.
cat >through.yaml <<'Y'
campaign: through
matrix: {n: [1, 3], kind: {of: {t: {expr: n * 5}}}}
benchmarks:
  expression: {command: [x, "{n}"], placement: {cpus: "{kind.t}", oversubscribe: true}}
  section: {command: [x], matrix: {kind: {of: {placement: {cpus: "{n}", oversubscribe: true}}}}}
Y
through=$(joulerig plan through.yaml --format json 2>/dev/null | jq -c '[.hosts[0].placement[].cpus]')
is 'each has its own CPUs' "$through" '[5,15,1,3]'
printf 'campaign: c\nhosts: {names: no-such-host}\nbenchmarks: {a: {command: [x]}}\n' >elsewhere.yaml
fails 'a campaign for other hosts exits with 4' 4 joulerig plan elsewhere.yaml
like 'and says why' "$(joulerig plan elsewhere.yaml 2>&1)" 'is none of hosts.names'
printf 'campaign: c\nbenchmarks: {a: {command: [x]}}\nplacement: {cpus: 65536}\n' >huge.yaml
fails 'nothing to run is an error' 2 joulerig plan huge.yaml

cat >steps.yaml <<'Y'
campaign: steps
matrix: {threads: {each: host.thread_steps}}
benchmarks: {a: {command: [x, "{threads}"]}}
placement: {cpus: "{threads}"}
compare: {by: threads, baseline: 1}
Y
ok 'thread steps are those of this machine' joulerig plan steps.yaml
like 'beginning with one' "$(joulerig plan steps.yaml)" '^a +1  [0-9]+ +threads=1$'
picked=$(joulerig-agent placement --cpus 1 --format json | jq -c .cpus)
is 'the CPUs are those that the agent picks' "$(joulerig plan steps.yaml --format json | jq -c '.hosts[0].placement[0].list')" "$picked"
like 'in the table, too' "$(joulerig plan steps.yaml)" "^a +1  ${picked:1:-1} "

cat >around.yaml <<'Y'
campaign: around
matrix: {threads: [1]}
benchmarks:
  a: {command: [x]}
  b: {command: [x], placement: {cpus: 1, core_kind: lowpower}}
  c: {command: [x], tune: ~}
placement: {cpus: "{threads}", policy: scatter, smt: avoid}
guard: {settle: {temperature: 3K, load: 0.25}, turbo: off, on_violation: rerun}
tune: {governor: performance, frequency: {max: 2.1GHz}}
limits: {attempts: 2}
Y
around=$(joulerig plan around.yaml 2>/dev/null)
like 'placement is told for each host' "$around" '^place    a, c: \{threads\} CPUs, policy scatter, smt avoid; CPUs: [^ ]+ 1 of [0-9]+$'
like 'also where no host has such CPUs' "$around" '^place    b: 1 CPU, .*core_kind lowpower; CPUs: no host has them$'
like 'what is skipped says of which cores' "$around" "^skipped  b .* on .*: placement: 1 CPU asked for \\(lowpower cores, one CPU a core\\), .* has 0$"
like 'the guard is told once, where all have the same' "$around" \
	"^guard    at most 3 K above the block's start, at most 0\.25 busy CPUs \\(waits 60 s for it\\), turbo off;"
like 'with what follows' "$(tr -s '\n ' ' ' <<<"$around")" 'a run that violates it is run again, 1 time at most'
like 'tune is told of those that have it' "$around" '^tune     a, b: governor performance, frequency\.max 2\.1GHz; put back at the end$'
unlike 'and not of those that have none' "$around" '^tune .*\bc\b.*:'
unlike 'a campaign without any of these has no such lines' "$table" '^(guard|tune) '
is 'lines keep to the page' "$(joulerig plan around.yaml 2>/dev/null | grep -v '^skipped' | awk 'length > 100')" ''

# Skipped by a host that has not that many CPUs: those for the same reason are one line.
cat >crowd.yaml <<'Y'
campaign: crowd
matrix: {n: {from: 1, to: 100, step: 1}}
benchmarks:
  a: {command: [x, "{n}"]}
  b: {command: [x, "{n}"], placement: {cpus: 65536}}
  c: {command: [x, "{n}"], placement: {cpus: 65536}}
  d: {command: [x, "{n}"], matrix: {n: [1]}, placement: {cpus: 1}}
Y
crowd=$(joulerig plan crowd.yaml 2>/dev/null)
like 'long lists are shortened, with a count' "$crowd" '^\.\.\. and 261 more configurations; --all shows them$'
is 'to as many as fit' "$(grep -c '^a ' <<<"$crowd")" 40
like 'skipped ones alike are one line' "$crowd" '^skipped  b, c: 200 configurations on .*65536 CPUs asked for'
like 'those with the same placement are one line, too' "$crowd" '^place    b, c: 65536 CPUs; CPUs: no host has them$'
is '--all shows all' "$(joulerig plan crowd.yaml --all 2>/dev/null | grep -c '^[abcd] ')" 301

# Repetition, comparison, budget, labels and the like.
cat >much.yaml <<'Y'
campaign: much
description: all that a plan may tell
labels: {compiler: gcc-14}
matrix: {build: [old, new, "newer"], size: [1, 2], where: not (build == "newer" and size == 2)}
benchmarks: {run: {command: [/bin/true, "{build}", "{size}"]}}
repeat: {warmup: 1, blocks: 6, max: 9, until: {metric: time, within: 2.5%}, pair: [build]}
budget: {time: 8h, energy: 2MJ, until: "06:00"}
compare: {by: build, baseline: old, metrics: [time]}
schedule: {cron: "0 2 * * 1-5", timezone: Europe/Berlin, missed: once, unless: unchanged}
Y
much=$(joulerig plan much.yaml 2>/dev/null)
flat=$(tr -s '\n ' ' ' <<<"$much")
like 'what where does not want is counted' "$flat" 'left out configurations that `where` or --only does not want: 1 on '
like 'with until there is a range' "$flat" 'runs 35 to 50: 5 configurations, 6 to 9 blocks and 1 warm-up pass, until the interval of time is within ±2.5 %'
like 'what is paired' "$flat" 'back to back what differs only in build'
like 'comparisons and the blocks that they need' "$flat" 'compare build against old: 3 comparisons a metric \(time\); one change among them needs at least 10 blocks, more than there are \(9\)'
like 'labels' "$much" '^labels   compiler=gcc-14$'
like 'the budget' "$flat" 'budget 8 h 0 min, 2 MJ, until 06:00;'
like 'the schedule' "$flat" 'schedule cron 0 2 \* \* 1-5, Europe/Berlin, missed: once, overlap: queue, unless unchanged, baseline: previous, patience: 30 min'
is 'lines keep to the page, too' "$(awk 'length > 101' <<<"$much")" ''
joulerig plan much.yaml --format json 2>/dev/null >much.json
is 'JSON has it all' "$(jq -r '[.description, .labels.compiler, .blocks, .blocks_max, .until.metric, .until.within, .pair[0],
	.budget.seconds, .budget.joules, .budget.until_minute, .compare[0].comparisons, .compare[0].blocks_needed, .schedule.cron,
	.hosts[0].left_out, .runs_least, .runs] | map(tostring) | join(" ")' much.json)" \
	'all that a plan may tell gcc-14 6 9 time 0.025 build 28800 2000000 360 3 10 0 2 * * 1-5 1 35 50'

# The estimate is what was seen before.
cat >seen.yaml <<'Y'
campaign: seen
matrix: {n: [1, 2]}
benchmarks: {a: {command: [sleep, "0.{n}"]}, b: {command: ["true", "{n}"]}}
measure: {energy: "off"}
repeat: {warmup: 0, blocks: 2}
Y
seen() { joulerig plan seen.yaml "$@" 2>/dev/null; }
like 'before the first run there is none' "$(seen)" "^time .*no estimate: 'seen' was not run before"
joulerig run seen.yaml --quiet >/dev/null 2>&1
like 'after it, all is known' "$(seen)" '^time     from seen\.1: 4 of 4 configurations; about '
is 'and as long as it took: 2 blocks of 0.3 s at least' \
	"$(seen --format json | jq '.estimate | .seconds >= 0.6 and .seconds < 60 and .known == 4 and .of == 4')" true
more=$(seen --set n=2,3)
like 'what is not known is not guessed' "$more" '^time     from seen\.1: 2 of 4 configurations, without the others about '
is 'twice the blocks take twice the time' "$(seen --format json --blocks 4 | jq .estimate.seconds |
	awk -v one="$(seen --format json | jq .estimate.seconds)" '{ print ($1 / one > 1.99 && $1 / one < 2.01) }')" 1
joulerig run seen.yaml --set n=3 --quiet >/dev/null 2>&1
like 'several submissions know more' "$(seen --set n=2,3)" 'from seen\.2, seen\.1: 4 of 4'
like 'another store knows nothing' "$(seen --db other.db | tr -s '\n ' ' ')" "no estimate: 'seen' was not run before: there is no other.db"

done_testing
