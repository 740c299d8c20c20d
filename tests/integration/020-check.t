# joulerig check: what it says of good and of bad files, and how it exits.
. "$TOP/tests/lib.sh"

cp "$TOP"/tests/campaigns/good/minimal.yaml "$TOP"/tests/campaigns/good/warnings.yaml \
	"$TOP"/tests/campaigns/good/everything.yaml "$TOP"/tests/campaigns/bad/several-mistakes.yaml .

ok 'a good file is good' joulerig check minimal.yaml
is 'it gets one line' "$(joulerig check minimal.yaml 2>&1)" 'minimal.yaml: minimal: 1 benchmark, 0 axes, good'
like 'files that are not there are a warning' "$(joulerig check everything.yaml 2>&1)" 'everything.yaml: warning: files: workloads: No such file'
mkdir workloads data && touch data/input.txt
is 'axes are counted once' "$(joulerig check everything.yaml 2>/dev/null)" \
	'everything.yaml: everything-9: 2 benchmarks, 2 axes, good
  by size: one change among 24 comparisons a metric needs at least 13 blocks'
cat >family.yaml <<'YAML'
campaign: family
matrix: {n: [1, 2], m: {from: 1, to: 24, step: 1}}
benchmarks: {a: {command: ["./a", "{n}", "{m}"]}}
repeat: {blocks: 13}
compare: [{by: n, baseline: 1}, {by: n, baseline: 1, alpha: 0.05}, {metrics: time}]
YAML
is 'it says how many blocks a verdict needs, also where there are enough' "$(joulerig check family.yaml 2>&1)" \
	'family.yaml: family: 1 benchmark, 2 axes, good
  by n: one change among 24 comparisons a metric needs at least 13 blocks
  by n: one change among 24 comparisons a metric needs at least 10 blocks'

fails 'a bad file exits with 2' 2 joulerig check several-mistakes.yaml
is 'every error has its line on stderr' "$(joulerig check several-mistakes.yaml 2>&1 >/dev/null | grep -F ': error: ')" \
	"$(sed 's/^/several-mistakes.yaml:/' "$TOP/tests/campaigns/bad/several-mistakes.expected")"
is 'and nothing is on stdout' "$(joulerig check several-mistakes.yaml 2>/dev/null)" ''

ok 'warnings are no errors' joulerig check warnings.yaml
is 'they are shown' "$(joulerig check warnings.yaml 2>&1 >/dev/null)" \
	"$(sed 's/^/warnings.yaml:/' "$TOP/tests/campaigns/good/warnings.expected")"

head -c 3000000 /dev/zero | tr '\0' '#' >large.yaml
is 'a large file is refused with the line' "$(joulerig check large.yaml 2>&1)" \
	'large.yaml:1:1: error: the file is longer than 1 MiB, which ends here'

fails 'a file that is not there' 2 joulerig check nowhere.yaml
like 'is named' "$(joulerig check nowhere.yaml 2>&1)" 'nowhere\.yaml'
is 'several files get a verdict each' "$(joulerig check minimal.yaml everything.yaml | grep -c ', good$')" 2
fails 'one bad file of several' 2 joulerig check minimal.yaml several-mistakes.yaml everything.yaml
is 'the others are told of all the same' "$(joulerig check minimal.yaml several-mistakes.yaml everything.yaml 2>/dev/null | grep -c ', good$')" 2

is 'as JSON a row each' "$(joulerig check minimal.yaml several-mistakes.yaml --format json 2>/dev/null | jq -c '.[]' | paste -sd ' ')" \
	'{"file":"minimal.yaml","good":true,"campaign":"minimal","benchmarks":1,"axes":0} {"file":"several-mistakes.yaml","good":false,"campaign":null,"benchmarks":null,"axes":null}'
is 'as CSV, too' "$(joulerig check minimal.yaml --format csv 2>/dev/null | paste -sd ' ')" 'file,good,campaign,benchmarks,axes minimal.yaml,true,minimal,1,0'
fails 'in no format that there is not' 2 joulerig check minimal.yaml --format yaml

fails 'no file at all' 2 joulerig check

ok '--set of an axis' joulerig check everything.yaml --set size=3,5
fails '--set of no axis' 2 joulerig check everything.yaml --set sise=3,5
like 'says which there is' "$(joulerig check everything.yaml --set sise=3 2>&1)" "did you mean 'size'"
fails '--set without values' 2 joulerig check everything.yaml --set size
ok '--blocks and --seed' joulerig check everything.yaml --blocks 20 --seed 0

done_testing
