# What the command line changes for a submission: --set, --only, --blocks, --seed, --label; and the file that does the same again.
. "$TOP/tests/lib.sh"

cat >c.yaml <<'YAML'
# why this campaign is
campaign: changes
labels: {pool: lab}
matrix:
  n: [1, 2, 3]   # how many
  m: [a, b]
benchmarks:
  both: {command: ["true", "{n}", "{m}"]}
  alone: {command: ["true", "{m}"], matrix: {n: ~}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 2}
YAML
run() { joulerig run "$@" --db r.db --quiet >/dev/null 2>err.log || diag err.log; }
what() { joulerig export "$1" --db r.db --format ndjson | jq -r '[.run, .block, .benchmark, .parameters.n, .parameters.m] | join(" ")'; }

run c.yaml
is "all configurations without changes" "$(what changes.1 | wc -l)" 16
run c.yaml --only 'n == 2 or benchmark == "alone" and m == "a"' --blocks 1 --seed 9 --label why=test --label pool=x
is "--only chooses, --blocks counts" "$(what changes.2 | cut -d' ' -f3- | sort | tr '\n' ';')" "alone  a;both 2 a;both 2 b;"
joulerig export changes.2 --db r.db --what campaign >again.yaml
like "the export keeps comments" "$(cat again.yaml)" '# why this campaign is'
like "and says where it is from" "$(head -n 1 again.yaml)" "^# changes\.2, .*joulerig run c\.yaml --only .* --blocks 1 --seed 9 --label"
like "labels are in it" "$(cat again.yaml)" "labels: \{.*why: 'test'"
run again.yaml
is "it does the same again, in the same order" "$(what changes.3)" "$(what changes.2)"
run c.yaml --set n=3,7 --set m=b
joulerig export changes.4 --db r.db --what campaign >again.yaml
run again.yaml
is "--set as well" "$(what changes.5)" "$(what changes.4)"
is "with its values" "$(what changes.4 | cut -d' ' -f3- | sort -u | tr '\n' ';')" "alone  b;both 3 b;both 7 b;"
joulerig export changes.1 --db r.db --what campaign | tail -n +2 >same.yaml
ok "without changes the file is as it was" cmp c.yaml same.yaml
is "check and plan take --only, too" "$(joulerig plan c.yaml --only 'n == 1' --format json 2>/dev/null | jq '.configurations | length')" 2

# What include adds is as it was, also where --set leaves its value out of the axis.
cat >included.yaml <<'YAML'
campaign: included
matrix:
  build: {old: {path: /bin/echo}, new: {path: /bin/echo, placement: {cpus: 1}, env: {WHICH: new}}}
  include: [{build: new}]
benchmarks: {a: {command: ["{build.path}", "{build}"]}}
YAML
is "include adds a named value that --set left out, with its attributes" \
	"$(joulerig plan included.yaml --set build=old --format json 2>/dev/null |
		jq -c '[.configurations[].parameters.build], [.hosts[0].placement[1].cpus], .skipped')" $'["old","new"]\n[1]\n[]'

fails "an unknown name in --only" 2 joulerig run c.yaml --db r.db --only 'nn == 1'
like "has a suggestion" "$(joulerig check c.yaml --only 'nn == 1' 2>&1)" "did you mean 'n'"
fails "a label without a value" 2 joulerig run c.yaml --db r.db --label why
fails "a label twice" 2 joulerig run c.yaml --db r.db --label a=1 --label a=2

sed 's/^matrix/files: [gone, there, gone-too]\nmatrix/' c.yaml >files.yaml && touch there
fails "files that are not there" 2 joulerig run files.yaml --db r.db
like "are all named" "$(joulerig run files.yaml --db r.db 2>&1 | tr '\n' ';')" 'files: gone: No such file.*files: gone-too: No such file'

cat >roles.yaml <<'YAML'
campaign: roles
benchmarks:
  pair:
    roles:
      server: {command: [sleep, "1"]}
      client: {command: ["true"]}
    main: client
YAML
ok "roles are checked" joulerig check roles.yaml
fails "and not run on fewer hosts than there are roles" 2 joulerig run roles.yaml --db r.db
like "with a word why" "$(joulerig run roles.yaml --db r.db 2>&1)" 'needs 2 hosts at once, one for each role'
sed 's/^labels/schedule: {cron: "0 2 * * *"}\nlabels/' c.yaml >schedule.yaml
like "a schedule is a note" "$(joulerig run schedule.yaml --db r.db --set n=1 --blocks 1 2>&1)" 'schedule: it runs once, now; to repeat it: joulerig schedule add'

# Hosts: which condition failed on which, labels of the agent among them.
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT
start_coordinator
start_agent alpha --label pool=night --label rack=7
start_agent beta
at() { "$@" --coordinator "$ADDRESS" --keys keys; }
both() { [ "$(at joulerig hosts --format json 2>/dev/null | jq '[.. | objects | select(.state? == "idle")] | length')" = 2 ]; }
wait_for 120 both
like "hosts shows the labels of an agent" "$(at joulerig hosts alpha)" 'pool.*night'
sed 's/^labels/hosts: {labels: {pool: night}, where: host.cores > 1000}\nlabels/' c.yaml >none.yaml
refusal=$(at joulerig submit none.yaml 2>&1)
like "a refusal says what fails on one host" "$refusal" 'alpha: where: host.cores > 1000'
like "and what on another" "$refusal" "beta: no label pool"
sed 's/^labels/hosts: {labels: {rack: "7"}}\nlabels/' c.yaml >some.yaml
is "a label chooses a host" "$(at joulerig run some.yaml --format csv 2>/dev/null | cut -d, -f3 | sort -u | grep -c beta)" 0
sed 's/^  m: /  where: host.name == "beta"\n  m: /' c.yaml >idle.yaml
like "a host without anything to run is a note" "$(at joulerig submit idle.yaml 2>&1)" 'alpha has nothing to run'

done_testing
