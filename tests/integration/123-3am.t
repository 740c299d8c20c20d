# What is said to somebody who has little sleep: each error has words, names the thing, and what to do.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"

mkdir -p early
silent=$(joulerig-agent key --state agents/early)
like "an agent is trusted in a folder that is no coordinator's" \
	"$(joulerig key trust early "$silent" --role agent --keys early 2>&1)" 'early is trusted in early, where no coordinator has its key yet'

joulerig-agent --coordinator tcp://127.0.0.1:9 --server-key "$silent" --state agents/early 2>early.log &
early=$!
ok "an agent says that nobody answers" wait_for 60 grep -q 'tcp://127\.0\.0\.1:9: nobody answers.*trying on' early.log
kill -KILL "$early"
wait "$early" 2>/dev/null
is "once" "$(grep -c 'nobody answers' early.log)" 1

start_coordinator
like "a store that is new is called so" "$(cat serve.log)" 'c\.db is a new store'
is "a key for its own coordinator needs no words" "$(joulerig key trust known "$silent" --role agent --keys keys 2>&1)" ""
start_agent alpha
ok "an agent says when it is connected" wait_for 60 grep -q "connected to $ADDRESS as alpha" agents/alpha.log

for command in "status" "hosts" "cancel x" "pause x" "drain alpha"; do
	read -ra words <<<"$command"
	fails "$command with a folder without a key" 4 joulerig "${words[@]}" --coordinator "$ADDRESS" --keys nokeys
	like "it says which one" "$(joulerig "${words[@]}" --coordinator "$ADDRESS" --keys nokeys 2>&1)" '--keys nokeys: no key is there; give the folder'
done
for command in status pause cancel watch results; do
	like "$command of an unknown campaign is not about results" \
		"$(joulerig "$command" nothing --coordinator "$ADDRESS" --keys keys 2>&1)" '^joulerig: error: [^:]*tcp://[^ ]* holds no campaign yet'
done
like "an unknown host" "$(joulerig hosts x --coordinator "$ADDRESS" --keys keys 2>&1)" "no host 'x'.*; 'joulerig hosts' lists them"
like "a port that is taken" "$(joulerig serve --listen "$ADDRESS" --db other.db --keys keys 2>&1)" 'Address already in use; another program has it'

printf 'campaign: slow\nbenchmarks: {a: {command: [sleep, "5"]}}\nmeasure: {energy: off}\nrepeat: {warmup: 0, blocks: 3}\n' >slow.yaml
joulerig submit slow.yaml --coordinator "$ADDRESS" --keys keys >/dev/null 2>&1
is "status of a coordinator that is there" "$(joulerig status --db c.db | grep -c 'no coordinator has this store')" 0
kill_coordinator
ok "an agent says that it has lost it" wait_for 60 grep -q 'the connection is lost; what is in hand goes on' agents/alpha.log
like "status of a store that nobody has says so" "$(joulerig status --db c.db)" "no coordinator has this store, so nothing goes on; 'joulerig serve' goes on"
is "for programs it does not" "$(joulerig status --db c.db --format json | grep -c 'no coordinator')" 0
joulerig backup newer.db --db c.db --no-keys >/dev/null 2>&1
DB=newer.db start_coordinator
ok "an agent follows the coordinator of a backup" wait_for 60 grep -q 'host alpha is connected' serve.log
sleep 1
kill_coordinator
start_coordinator
ok "the one of the store before it is told by the agent" wait_for 60 grep -q 'host alpha says goodbye: it follows a newer coordinator of this store (epoch 1048[0-9]*, here [0-9]*)' serve.log
is_offline() { joulerig status --db c.db | grep -q '^alpha  *offline'; }
ok "and so is who looks at it" wait_for 60 is_offline
like "the agent says how to go back to it" "$(cat agents/alpha.log)" 'it is not obeyed; if it is the right one, let it go on from a backup of its store'
kill_coordinator
SERVE_PID=
stop_cluster

joulerig backup copy.db --db c.db --keys keys >/dev/null 2>&1
like "doctor counts starts, of a backup too" "$(joulerig doctor --db copy.db)" 'starts of coordinators on it: [0-9]+; it is a backup, or goes on from one'
: >empty.db
fails "a store that was cut off to nothing is not whole" 1 joulerig doctor --db empty.db
like "it is called empty" "$(joulerig doctor --db empty.db)" 'this store is empty'
fails "nor has it results" 2 joulerig results --db empty.db
done_testing
