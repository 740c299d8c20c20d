# Submitted again: what ran once runs with the files of then, alone or interleaved with those of another submission.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

# Which files a run has shows in its answer. A run waits while a file is there, so that the test decides how far it is.
mkdir work place
cat >c.yaml <<'YAML'
campaign: nightly
files: [work]
setup: {command: [/bin/sh, -c, 'echo setup >>PLACE/setups']}
matrix: {n: [1, 2, 3]}
benchmarks:
  prog:
    command: [/bin/sh, work/prog, "{n}"]
    metrics: {answer: {pattern: 'answer (\d+)', better: lower, expect: {same: [n]}}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 2}
compare: {by: n, baseline: 1, metrics: [answer]}
YAML
sed -i "s|PLACE|$PWD/place|" c.yaml
version() { printf 'echo $1 >>%s/began; until [ ! -e %s/wait ]; do sleep 0.02; done; echo answer %s$1\n' "$PWD/place" "$PWD/place" "$1" >work/prog; }
run_it() { local l; l=$(at "$@") && at watch "$l" 2>>watch.log && printf '%s\n' "$l"; }
sql() { sqlite3 c.db "$1"; }
answers() { sql "SELECT group_concat(a, ' ') FROM (SELECT DISTINCT json_extract(c.parameters, '\$.content') || '=' || m.text AS a FROM run r
	JOIN configuration c ON c.campaign = r.campaign AND c.number = r.configuration JOIN metric m ON m.run = r.id WHERE r.campaign = $1 ORDER BY a)"; }
began() { [ "$(wc -l <place/began)" -ge "$1" ]; }

start_coordinator
start_agent alpha
version 1
is "a submission" "$(run_it submit c.yaml --label commit=one)" nightly.1
version 2
is "another one, of other files" "$(run_it submit c.yaml --label commit=two --set n=2,3)" nightly.2
version 3

is "rerun prints a new label" "$(run_it rerun nightly.1)" nightly.3
is "it has the files of then" "$(sql "SELECT group_concat(text) FROM (SELECT DISTINCT text FROM metric m JOIN run r ON r.id = m.run WHERE r.campaign = 3 ORDER BY text)")" 11,12,13
is "its changes say what it is, and have the old ones" "$(sql "SELECT changes FROM campaign WHERE id = 3")" '{"labels":{"commit":"one"},"again":{"of":"nightly.1"}}'
is "options come on top" "$(run_it rerun nightly.2 --only 'n == 2' --blocks 1 --label commit=three)" nightly.4
is "of what was changed then" "$(sql "SELECT json_extract(changes, '\$.set.n') || json_extract(changes, '\$.labels.commit') || count(*)
	FROM run JOIN campaign ON campaign.id = run.campaign WHERE campaign.id = 4")" '["2","3"]three1'

# Two contents, through the death of the coordinator.
: >place/began
touch place/wait
label=$(at rerun nightly.2 --against nightly.1 --only 'n < 3' --blocks 3)
wait_for 60 began 1
kill_coordinator
start_coordinator
rm place/wait
ok "two contents run to their end, through a coordinator's death" at watch "$label"
is "of each its own" "$(answers 5)" 'nightly.1=12 nightly.2=22'
is "one after the other in each block" "$(sql "SELECT group_concat(n) FROM (SELECT count(DISTINCT configuration) AS n FROM run WHERE campaign = 5 GROUP BY block)")" 2,2,2
is "none failed, as another content may answer otherwise" "$(sql "SELECT DISTINCT state FROM run WHERE campaign = 5")" 'done'
is "each content was set up once in all" "$(wc -l <place/setups)" 2
like "compare needs no more than the label" "$(at compare nightly.5 --format ndjson 2>/dev/null | jq -c '[.baseline, .parameters.content, (.ratio * 100 | round)]' | head -n 1)" '"nightly.2",183'
is "and has the axis by name" "$(at compare nightly.5 --by content --baseline nightly.1 --format ndjson 2>/dev/null | wc -l)" 1
like "results has both" "$(at results nightly.5 2>&1)" 'nightly\.2'
like "the plan is that of its changes" "$(at report nightly.5 -o r.html 2>&1; grep -c 'nightly\.1' r.html)" '[1-9]'

# It is no night of its own.
is "none of it is previous" "$(at compare nightly.3 --baseline previous --format ndjson 2>/dev/null | jq -r .baseline | head -n 0; at submit c.yaml >/dev/null; at watch nightly.6 2>/dev/null
	at compare nightly.6 --baseline previous 2>&1 >/dev/null | grep -o 'nightly.[45] is passed over' | sort -u | tr '\n' ' ')" 'nightly.4 is passed over nightly.5 is passed over '
is "nor in the trend" "$(at trend nightly --metric answer --format ndjson 2>trend.err | jq -r .submission | sort -u | tr '\n' ' ')" 'nightly.1 nightly.2 nightly.3 nightly.6 '
like "which says so" "$(cat trend.err)" 'nightly\.5 is passed over'

# What cannot be.
fails "of nothing" 2 joulerig rerun other.1 --coordinator "$ADDRESS" --keys keys
sed -i 's/answer (/answer  *(/' c.yaml
run_it submit c.yaml --only 'n == 1' >/dev/null
fails "against another file" 2 joulerig rerun nightly.7 --against nightly.1 --coordinator "$ADDRESS" --keys keys
like "says so" "$(at rerun nightly.7 --against nightly.1 2>&1)" 'the campaign files of nightly\.7 and nightly\.1 differ'
like "against itself" "$(at rerun nightly.1 --against nightly.1 2>&1)" 'against itself'
like "against what has two contents" "$(at rerun nightly.1 --against nightly.5 2>&1)" 'nightly\.5 ran the contents of two'
like "export cannot write it as one file" "$(at export nightly.5 --what campaign 2>&1)" 'contents of two submissions'

# What it names is needed as long as it is not pruned itself; what nothing needs is gone.
has_tree() { local h; h=$(sql "SELECT lower(hex(tree)) FROM campaign WHERE id = $1"); [ -e "c.db.d/content/${h:0:2}/${h:2}" ] && echo yes || echo no; }
contents() { find c.db.d/content -type f -path '*/??/*' | wc -l; }
version 9
: >place/began
touch place/wait
label=$(at rerun nightly.2 --against nightly.1 --only 'n == 2' --blocks 1)
wait_for 60 began 1
before=$(contents)
at prune --older-than 0s --what all >/dev/null 2>&1
is "what is interleaved keeps its files from prune" "$(has_tree 1) $(has_tree 2)" 'yes yes'
ok "which takes others" [ "$(contents)" -lt "$before" ]
rm place/wait
at watch "$label" 2>/dev/null
at prune --older-than 0s --what all >/dev/null 2>&1
like "whose files are gone is not run again" "$(at rerun nightly.1 2>&1)" 'the files of nightly\.1 are not here any more: they were pruned'
like "nor extended" "$(at extend nightly.1 --blocks 1 2>&1)" 'extend: the files of nightly\.1'
done_testing
