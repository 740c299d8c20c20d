# Which run comes next, and when a campaign is over.
. "$TOP/tests/lib.sh"

# steady prints the same each time, noisy 100 and 200 in turn, silent nothing.
cat >value.sh <<'SH'
case $1 in
steady) echo '{"value": 100}' ;;
noisy)
	n=$(cat noise 2>/dev/null || echo 0)
	echo $((n + 1)) >noise
	echo "{\"value\": $((100 + n % 2 * 100))}" ;;
esac
SH

campaign() {
	cat <<YAML
campaign: repeat
matrix: {kind: [steady, noisy, silent]}
benchmarks:
  a:
    command: [/bin/sh, value.sh, "{kind}"]
    metrics: {value: {json: value, optional: true}}
measure: {energy: off}
$1
YAML
}
# counted runs of each kind
counts() {
	joulerig export "$1" --db s.db | jq -rs 'group_by(.parameters.kind) | map("\(.[0].parameters.kind) \(length)") | join(", ")'
}
header() { joulerig results "$1" --db s.db | sed -n 1,4p; }

campaign 'repeat: {warmup: 1, blocks: 6, max: 9, until: {metric: value, within: 2%}}' >until.yaml
ok "a campaign with until" joulerig run until.yaml --db s.db
is "ends what is narrow, goes on with what is not, or has no value" "$(counts repeat.1)" "noisy 9, silent 9, steady 6"
is "its total is what was run" "$(joulerig status repeat.1 --db s.db --format json | jq -c '.[0] | [.done, .total]')" "[27,27]"
like "results tells the blocks" "$(header repeat.1)" '6 to 9 blocks'
like "and what did not come to it" "$(joulerig results repeat.1 --db s.db | tr -s '\n ' ' ')" \
	'until 2 of 3 configurations did not come to ±2 % of value: a kind=silent [^ ]+ has no interval of it'
campaign 'repeat: {warmup: 1, blocks: 6, max: 9, until: {metric: value, within: 2%}}' | sed 's/, silent//; s/repeat$/wide/' >wide.yaml
joulerig run wide.yaml --db w.db --quiet >wide
like "with the widest interval" "$(cat wide)" 'until +1 of 2 configurations did not come to ±2 % of value: a kind=noisy [^ ]+ has ±(25|50) %'
joulerig run wide.yaml --db w.db --quiet --set kind=steady >narrow
unlike "what came to it is not told" "$(cat narrow)" '^until'

campaign 'repeat: {warmup: 0, blocks: 6, max: 9, until: {metric: value, within: 2%}}
compare: {by: kind, baseline: steady}' >baseline.yaml
ok "with a baseline" joulerig run baseline.yaml --db s.db
is "which goes on as long as what is compared with it" "$(counts repeat.2)" "noisy 9, silent 9, steady 9"

campaign 'repeat: {warmup: 1, blocks: 3}
order: sequential' >sequential.yaml
ok "a sequential campaign" joulerig run sequential.yaml --db s.db
is "runs one configuration after the other" \
	"$(sqlite3 s.db "SELECT group_concat(c, ' ') FROM (SELECT configuration c FROM run WHERE campaign = 3 ORDER BY started_at)")" \
	"0 0 0 0 1 1 1 1 2 2 2 2"
is "the warm-up first, then the blocks" \
	"$(sqlite3 s.db "SELECT group_concat(b, ' ') FROM (SELECT block b FROM run WHERE campaign = 3 AND configuration = 1 ORDER BY started_at)")" \
	"0 1 2 3"

cat >slow.yaml <<'YAML'
campaign: slow
matrix: {n: [1, 2]}
benchmarks: {a: {command: [sleep, "0.2"]}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 1000}
budget: {time: 1s}
YAML
joulerig run slow.yaml --db s.db >slow.out 2>slow.err
is "a budget that is reached is exit status 0" "$?" 0
like "and a note" "$(cat slow.err)" '^budget: time 1\.0 s reached: 2 of 2 configurations have fewer than 1000 blocks: a \{"n":1\} on'
like "that results shows, too" "$(header slow.1)" '^budget: time 1\.0 s reached'
is "no run is left over" "$(sqlite3 s.db "SELECT count(*) FROM run r JOIN campaign c ON c.id = r.campaign
	WHERE c.name = 'slow' AND r.state NOT IN ('done', 'skipped')")" 0
is "the campaign is done" "$(joulerig status slow.1 --db s.db --format json | jq -r '.[0].state')" done

cat >any.yaml <<'YAML'
campaign: any
hosts: {spread: any}
matrix: {n: [1, 2]}
benchmarks: {a: {command: [sleep, "0.05"]}}
measure: {energy: off}
repeat: {warmup: 1, blocks: 4}
YAML
ok "a campaign whose blocks are shared" joulerig run any.yaml --db s.db --agents 2
is "has each block once, on one host" "$(joulerig export any.1 --db s.db | jq -rs 'group_by(.block)
	| map([length, (map(.host) | unique | length)]) | unique | tostring')" "[[2,1]]"
is "as many as it asked for" "$(joulerig export any.1 --db s.db | jq .block | sort -u | wc -l)" 4
done_testing
