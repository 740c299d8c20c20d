# Three campaigns on two agents: the higher priority first between blocks, equal ones a block each.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

campaign() { # NAME BLOCKS
	cat >"$1.yaml" <<YAML
campaign: $1
matrix: {n: [1, 2, 3]}
benchmarks: {gate: {command: [/bin/sh, -c, 'until [ -e "\$0" ]; do sleep 0.02; done; exit 0 {n}', $PWD/go]}}
measure: {energy: off}
repeat: {warmup: 0, blocks: $2}
YAML
}
campaign low 2
campaign even 2
campaign odd 2
campaign high 1

start_coordinator
for host in alpha beta; do start_agent $host; done
wait_for 60 sh -c "[ \"\$(joulerig hosts --coordinator $ADDRESS --keys keys --format ndjson | jq -r 'select(.state == \"idle\").host' | wc -l)\" = 2 ]"

# All are there before the first run ends.
is "submit with a priority" "$(at submit low.yaml --priority -5)" low.1
for name in even odd; do at submit $name.yaml >/dev/null; done
at submit high.yaml --priority=100 >/dev/null
like "status shows priorities" "$(at status)" 'priority'
is "and programs have them" "$(at status --format ndjson | jq -c '[.campaign, .priority]' | tr '\n' ' ')" \
	'["low.1",-5] ["even.1",0] ["odd.1",0] ["high.1",100] '
touch go
for name in low even odd high; do ok "$name ends" at watch $name.1; done

# The campaigns of a host in the order in which their runs began, a word for each block of three.
blocks_of() {
	sqlite3 c.db "SELECT c.name || ' ' || r.block FROM run r JOIN campaign c ON c.id = r.campaign
		JOIN host h ON h.id = r.host WHERE h.name = '$1' ORDER BY r.started_at" | uniq -c | awk '{print $1 $2 $3}' | tr '\n' ' '
}
for host in alpha beta; do
	is "on $host: the block that had begun, the highest, equal ones in turns, the lowest" "$(blocks_of $host)" \
		"3low1 3high1 3even1 3odd1 3even2 3odd2 3low2 "
done

for wrong in 101 -101 1.5 high ''; do
	fails "--priority '$wrong' is refused" 2 joulerig submit low.yaml --priority "$wrong" --coordinator "$ADDRESS" --keys keys
done
like "with what is expected" "$(at submit low.yaml --priority 101 2>&1)" 'from -100 to 100'
ok "run takes one too" joulerig run low.yaml --priority 3 --db here.db
is "and keeps it" "$(joulerig status low.1 --db here.db --format ndjson | jq .priority)" 3
done_testing
