# A campaign from file to exports, on this machine.
. "$TOP/tests/lib.sh"

mkdir campaign && cat >campaign/small.yaml <<'YAML'
campaign: small
matrix: {n: [1, 2], word: [a, b]}
benchmarks:
  echo:
    command: [/bin/sh, -c, 'echo "{\"value\": {n}}"; echo "{word}" >&2']
    metrics: {value: {json: value, unit: op, better: higher}}
measure: {energy: off}
repeat: {warmup: 1, blocks: 3}
YAML

ok "a campaign runs to its end" joulerig run campaign/small.yaml --db s.db
joulerig export small.1 --db s.db --what runs --format ndjson >runs.ndjson 2>err
is "one object a counted run" "$(wc -l <runs.ndjson)" 12
is "with the keys of the documented format" \
	"$(head -n 1 runs.ndjson | jq -r 'keys_unsorted | map(select(. != "deviation")) | sort | join(" ")')" \
	"attempt benchmark block campaign exit_code flags host metrics parameters run started_at state uncertainty units"
is "every configuration once in every block" \
	"$(jq -r '[.block, .parameters.n, .parameters.word] | join(" ")' runs.ndjson | sort | uniq -c | awk '{print $1}' | sort -u)" 1
is "in the order of their numbers" "$(jq .run runs.ndjson | sort -nc && echo sorted)" sorted
is "the program's own metric is there" "$(jq -r '.metrics.value == .parameters.n' runs.ndjson | sort -u)" true
is "with its unit" "$(jq -r .units.value runs.ndjson | sort -u)" op
is "parameters keep their types" "$(head -n 1 runs.ndjson | jq -r '[(.parameters.n|type), (.parameters.word|type)] | join(" ")')" \
	"number string"
for metric in time time.user time.system memory.peak context_switches.voluntary context_switches.involuntary \
	page_faults.minor page_faults.major; do
	is "$metric is measured" "$(jq -r ".metrics[\"$metric\"] | type" runs.ndjson | sort -u)" number
done
is "nothing but results on stdout" "$(joulerig export small.1 --db s.db --what runs --format csv 2>/dev/null | wc -l)" 13
like "csv has the scalars, parameters and metrics" \
	"$(joulerig export small.1 --db s.db --what runs --format csv | head -n 1)" \
	'^campaign,run,block,host,benchmark,state,attempt,started_at,exit_code.*parameters\.n.*(^|,)time,'
is "warm-up only when asked for" "$(joulerig export small.1 --db s.db --warmup | wc -l)" 16
is "v_run has a row a run" "$(sqlite3 s.db 'SELECT count(*) FROM v_run WHERE block > 0 AND time > 0')" 12
is "v_metric has the own metric" "$(sqlite3 s.db "SELECT count(*) FROM v_metric WHERE name = 'value' AND block > 0")" 12

ok "the same again" joulerig run campaign/small.yaml --db s.db --quiet
is "is small.2" "$(joulerig export small.2 --db s.db | jq -r .campaign | sort -u)" small.2
mkdir bare
sed 's/energy: off/energy: auto/' campaign/small.yaml >campaign/auto.yaml
joulerig run campaign/auto.yaml --db auto.db --root bare >/dev/null 2>auto.err
is "a machine without counters is no error" "$(cat auto.err)" ""
like "results shows the table" "$(joulerig results small.2 --db s.db)" 'echo'
is "results as csv" "$(joulerig results small.2 --db s.db --format csv | wc -l)" 5
like "status knows both" "$(joulerig status --db s.db)" 'small\.2'

cat >campaign/failing.yaml <<'YAML'
campaign: failing
matrix: {code: [0, 3]}
benchmarks:
  exit: {command: [/bin/sh, -c, 'exit {code}']}
  gone: {command: [/no/such/program], matrix: {code: ~}}
  slow: {command: [sleep, "60"], matrix: {code: ~}, limits: {timeout: 100ms}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 1}
YAML
fails "a failed run is exit status 1" 1 joulerig run campaign/failing.yaml --db s.db
joulerig export failing.1 --db s.db >failing.ndjson
is "states are told apart" "$(jq -r '[.benchmark, (.parameters.code // ""), .state] | join(" ")' failing.ndjson | sort | tr '\n' ';')" \
	"exit 0 done;exit 3 failed;gone  failed;slow  timeout;"
is "exit codes are kept" "$(jq -r 'select(.state == "failed" and .benchmark == "exit") | .exit_code' failing.ndjson)" 3
like "why is shown" "$(joulerig runs failing.1 --db s.db --failed --format csv)" 'No such file or directory'

like "with the last line of its stderr" "$(sed 's/exit {code}/echo oops >\&2; exit {code}/' campaign/failing.yaml >campaign/oops.yaml
	joulerig run campaign/oops.yaml --db s.db 2>/dev/null >&2; joulerig runs failing.2 --db s.db --failed --format csv)" 'exit status 3: oops'
sed 's/code: \[0, 3\]/code: [0, 3, 4]/; s/exit {code}/test {code} = 0/' campaign/failing.yaml >campaign/reasons.yaml
joulerig run campaign/reasons.yaml --db r.db --blocks 3 >reasons 2>reasons.err
is "the same failure of the next block is not told again" "$(grep -c '^run .*"code":3.*exit status 1' reasons.err)" 1
like "results has a reason once" "$(tr -s '\n ' ' ' <reasons)" 'failed 6 runs \(exit code=3 [^ ]+ and 1 more\): exit status 1 '
like "and where there is more" "$(cat reasons)" 'joulerig export failing\.1 --what output +what they printed'
fails "--set of one axis twice is an error" 2 joulerig run campaign/small.yaml --db s.db --set n=1 --set n=2
fails "a missing file is a usage error" 2 joulerig run nothing.yaml --db s.db
fails "a missing store is said" 4 joulerig results --db nothing.db
like "with what to do" "$(joulerig results --db nothing.db 2>&1)" 'nothing\.db.*--db'

mkdir -p campaign/src && printf 'int main(void){return 0;}\n' >campaign/src/a.c && cat >campaign/files.yaml <<'YAML'
campaign: files
files: [src]
setup: {command: [make, -C, src, a]}
benchmarks: {a: {command: [src/a]}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 2}
YAML
ok "files are shipped and set up" joulerig run campaign/files.yaml --db s.db
ok "the campaign's own folder stays as it was" test ! -e campaign/src/a
printf 'int main(void){return 0}\n' >campaign/src/a.c
fails "a setup that fails fails its runs" 1 joulerig run campaign/files.yaml --db s.db
like "and shows the end of its output" "$(joulerig runs files.2 --db s.db --failed --format csv)" 'setup: make -C src a: exit status 2'
fails "a missing entry of files is an error" 2 bash -c 'sed "s/\[src\]/[nosuch]/" campaign/files.yaml >campaign/f2.yaml; joulerig run campaign/f2.yaml --db s.db'

sed "s/blocks: 3/blocks: 300/; s|'echo \"|'echo >>$PWD/cut; until [ \$(wc -l <$PWD/cut) -le 40 ]; do sleep 0.05; done; echo \"|" campaign/small.yaml \
	>campaign/cut.yaml
joulerig run campaign/cut.yaml --db cut.db --quiet >/dev/null 2>&1 &
ended() { [ "$(sqlite3 -readonly cut.db "SELECT count(*) FROM run WHERE state = 'done'" 2>/dev/null)" -ge 10 ]; }
wait_for 120 ended
kill -INT $!
wait $!
is "an interrupted run exits 130" $? 130
like "and waits to go on" "$(joulerig status small --db cut.db)" 'small\.1 +paused'
ok "it can be given up without a coordinator" joulerig cancel small.1 --db cut.db
fails "and is over then" 2 joulerig resume small --db cut.db

# Another user must be able to reach its directory below the store's.
open=$PWD
chmod 755 . # for others
while [ "$open" != / ] && [ -n "$(find "$open" -maxdepth 0 -perm -o=x)" ]; do open=$(dirname "$open"); done
if [ "$(id -u)" = 0 ] && [ "$open" = / ] && id nobody >/dev/null 2>&1; then
	cat >campaign/user.yaml <<'YAML'
campaign: user
benchmarks: {who: {command: [id, -un]}}
measure: {energy: off}
limits: {user: nobody}
repeat: {warmup: 0, blocks: 1}
YAML
	ok "a run of another user" joulerig run campaign/user.yaml --db user.db
	is "is that user's" "$(joulerig export --db user.db --what output | jq -r .text)" nobody
	is "who may pass, not look" "$(stat -c %a user.db.d user.db.d/content | tr '\n' ' ')" "711 700 "
else
	skip "a run of another user" "not root, or this folder is closed to others"
fi
done_testing
