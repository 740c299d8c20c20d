# docs/generations.md: its commands, with two agents that say they are of two generations.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
. "$TOP/tests/guide.sh"
trap stop_cluster EXIT
DB=joulerig.db
start_coordinator
start_agent lab01 --label generation=skylake
start_agent lab02 --label generation=icelake
wait_for 60 bash -c '[ "$(joulerig hosts --format ndjson | grep -c \"idle\")" = 2 ]'

replace 'submit generations.yaml' 'submit generations.yaml --blocks 2'
guide "$TOP/docs/generations.md"

is "every host has measured, the blocks that came later too" \
	"$(joulerig export generations --what runs --format ndjson | jq -r 'select(.state == "done") | "\(.host) \(.block)"' | sort -u | paste -sd' ')" \
	'lab01 1 lab01 2 lab01 3 lab01 4 lab02 1 lab02 2 lab02 3 lab02 4'
like "generations are compared" "$(cat .guide/*.sh.out)" 'icelake against skylake'
like "the report is a page" "$(head -c 15 generations.html)" '^<!DOCTYPE html>$'
done_testing
