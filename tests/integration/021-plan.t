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
like 'it lists configurations' "$table" '^first +1  \{"size":1,"kind":"b"\}'
unlike 'not the excluded ones' "$table" '"size":2,"kind":"b"'
like 'what is skipped has its reason' "$table" '^skipped  second .*65536 CPUs asked for'
like 'it counts runs' "$table" '^runs     32: 4 configurations, 7 blocks and 1 warm-up pass; 8 of them skipped'
like 'it does not guess how long it takes' "$table" '^time .*no estimate'

json=$(joulerig plan c.yaml --format json)
like 'as JSON it is one object' "$json" '^\{"campaign":"planned",.*"runs":32\}$'
like 'with skipped ones' "$json" '"skipped":\[\{"benchmark":"second","parameters":\{\},'
fails 'another format is an error' 2 joulerig plan c.yaml --format csv

like '--blocks changes the count' "$(joulerig plan c.yaml --blocks 9)" '^runs     40:'
like '--set changes the axis' "$(joulerig plan c.yaml --set size=5)" '"size":5,"kind":"b"'

fails 'a campaign with errors exits with 2' 2 joulerig plan "$TOP/tests/campaigns/bad/several-mistakes.yaml"
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
like 'beginning with one' "$(joulerig plan steps.yaml)" '^a +1  \{"threads":1\}'

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
like 'placement is told for each host' "$around" '^place    a: \{threads\} CPUs, policy scatter, smt avoid; CPUs: [^ ]+ 1 of [0-9]+$'
like 'also where no host has such CPUs' "$around" '^place    b: 1 CPU, .*core_kind lowpower; CPUs: no host has them$'
like 'what is skipped says of which cores' "$around" "^skipped  b .* on .*: placement: 1 CPU asked for \\(lowpower cores, one CPU a core\\), .* has 0$"
like 'the guard is told once, where all have the same' "$around" \
	"^guard    at most 3 K above the block's start, at most 0\.25 busy CPUs \\(waits 60 s for it\\), turbo off;"
like 'with what follows' "$(tr -s '\n ' ' ' <<<"$around")" 'a run that violates it is run again, 1 time at most'
like 'tune is told of those that have it' "$around" '^tune     a: governor performance, frequency\.max 2\.1GHz; put back at the end$'
unlike 'and not of those that have none' "$around" '^tune     c:'
unlike 'a campaign without any of these has no such lines' "$table" '^(guard|tune) '
is 'lines keep to the page' "$(joulerig plan around.yaml 2>/dev/null | grep -v '^skipped' | awk 'length > 100')" ''

done_testing
