# A coordinator and three agents on loopback: keys, roles, submission, status.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

cat >c.yaml <<'YAML'
campaign: cluster
matrix: {n: [1, 2, 3]}
benchmarks: {true: {command: [/bin/sh, -c, 'exit 0 {n}']}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 4}
YAML

fails "nobody there to leave it to" 4 joulerig run c.yaml --detach
fails "nor to hand it over to" 4 joulerig submit c.yaml
like "it says what there is to do" "$(cat "$tap_log")" "no coordinator has this store; start 'joulerig serve'"

start_coordinator
ok "the coordinator listens" test -n "$SERVER_KEY"
for host in alpha beta gamma; do start_agent $host; done

label=$(joulerig submit c.yaml --coordinator "$ADDRESS" --keys keys)
is "submit returns the label" "$label" cluster.1
exec 2>stderr.log
ok "watch follows it to the end" joulerig watch cluster.1 --coordinator "$ADDRESS" --keys keys
joulerig export cluster.1 --coordinator "$ADDRESS" --keys keys >runs
is "every configuration blocks times on every host" \
	"$(jq -r '[.host, .parameters.n] | join(" ")' runs | sort | uniq -c | awk '{print $1, $2}' | sort | uniq -c | awk '{print $1, $2, $3}' | tr '\n' ';')" \
	"3 4 alpha;3 4 beta;3 4 gamma;"
is "all done" "$(jq -r .state runs | sort -u)" done
is "who is trusted, as JSON" "$(joulerig key list --keys keys --format json | jq -c '[.[] | .role + " " + .name] | sort')" '["agent alpha","agent beta","agent gamma"]'
is "who is not there, too" "$(joulerig key list --keys nobody --format json | jq -c .)" '[]'
like "status shows hosts" "$(joulerig status --coordinator "$ADDRESS" --keys keys)" 'beta'
like "hosts shows them" "$(joulerig hosts --coordinator "$ADDRESS" --keys keys)" 'gamma'
like "a store that is held is asked over its coordinator" "$(joulerig results cluster.1 --db c.db)" 'cluster\.1'

fails "a second coordinator on the same store is refused" 4 joulerig serve --listen tcp://127.0.0.1:0 --db c.db --keys keys2

fails "an agent with an unknown key is refused" 4 \
	joulerig-agent --coordinator "$ADDRESS" --server-key "$SERVER_KEY" --state stranger
like "and told so in a line" \
	"$(joulerig-agent --coordinator "$ADDRESS" --server-key "$SERVER_KEY" --state stranger 2>&1 | tail -n 1)" 'key trust'

user() { XDG_CONFIG_HOME=$PWD/$1 joulerig "${@:2}"; }
key=$(user mallory key show)
ok "a user's key is 40 characters" test ${#key} = 40
fails "an unknown user is refused" 4 user mallory status --coordinator "$ADDRESS" --server-key "$SERVER_KEY"
joulerig key trust mallory "$key" --role agent --keys keys
fails "an agent's key cannot submit" 4 user mallory submit c.yaml --coordinator "$ADDRESS" --server-key "$SERVER_KEY"
joulerig key trust vera "$(user vera key show)" --role viewer --keys keys
ok "a viewer may look" user vera status --coordinator "$ADDRESS" --server-key "$SERVER_KEY"
fails "and may not submit" 4 user vera submit c.yaml --coordinator "$ADDRESS" --server-key "$SERVER_KEY"
joulerig key trust uma "$(user uma key show)" --role user --keys keys
is "a user may submit" "$(user uma submit c.yaml --coordinator "$ADDRESS" --server-key "$SERVER_KEY")" cluster.2
ok "and watch" user uma watch cluster.2 --coordinator "$ADDRESS" --server-key "$SERVER_KEY"
fails "a wrong server key is found out" 4 user uma status --coordinator "$ADDRESS" --server-key "$key"
fails "nobody there is exit 4" 4 user uma status --coordinator tcp://127.0.0.1:1 --server-key "$SERVER_KEY"

mkdir -p payload && seq 100000 >payload/numbers && ln -s numbers payload/link && cat >p.yaml <<'YAML'
campaign: payload
hosts: {names: [alpha, beta]}
files: [payload]
benchmarks: {sum: {command: [/bin/sh, -c, 'sha256sum <payload/link >&2; wc -l <payload/numbers'], metrics: {lines: {pattern: '(\d+)'}}}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 1}
YAML
label=$(user uma submit p.yaml --coordinator "$ADDRESS" --server-key "$SERVER_KEY")
ok "files travel from the user to the agents" user uma watch "$label" --coordinator "$ADDRESS" --server-key "$SERVER_KEY"
is "whole" "$(user uma export "$label" --coordinator "$ADDRESS" --server-key "$SERVER_KEY" | jq -r '[.host, .metrics.lines] | join(" ")' | sort | tr '\n' ';')" \
	"alpha 100000;beta 100000;"

cat >none.yaml <<'YAML'
campaign: none
hosts: {labels: {pool: nowhere}}
benchmarks: {true: {command: ["true"]}}
YAML
fails "no host for a campaign is exit 4" 4 joulerig submit none.yaml --coordinator "$ADDRESS" --keys keys
like "and says why" "$(joulerig submit none.yaml --coordinator "$ADDRESS" --keys keys 2>&1)" 'alpha: no label pool'

cat >long.yaml <<'YAML'
campaign: long
benchmarks: {sleep: {command: [sleep, "30"]}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 100}
YAML
joulerig submit long.yaml --coordinator "$ADDRESS" --keys keys >/dev/null
ok "a campaign is cancelled while it runs" joulerig cancel long --coordinator "$ADDRESS" --keys keys
fails "and watch says so" 1 joulerig watch long.1 --coordinator "$ADDRESS" --keys keys
is "hosts are free for the next" "$(joulerig run c.yaml --coordinator "$ADDRESS" --keys keys --format csv 2>/dev/null | wc -l)" 10

done_testing
