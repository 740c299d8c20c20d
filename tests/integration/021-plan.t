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

done_testing
