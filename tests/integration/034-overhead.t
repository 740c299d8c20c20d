# joulerig-agent overhead: what it prints, keeps and refuses. What sampling costs here is the machine's, and no verdict.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT
agent=$BUILD/joulerig-agent
mkdir state

fails "no rate" 2 "$agent" overhead --rate 0
fails "no list of rates" 2 "$agent" overhead --rate 10,x
like "told what a rate is" "$("$agent" overhead --rate 10,x 2>&1)" "'x' is no rate; expected samples a second from 1 to 10000"
fails "a time that is too short for the pairs" 2 "$agent" overhead --for 1s --rate 10
like "told how long it takes" "$("$agent" overhead --for 1s --rate 10 2>&1)" '20 pairs at each rate take 5\.'
like "a time that would do, when rounded" "$("$agent" overhead --for 2s --rate 50 2>&1)" '20 pairs at each rate take 2\.1 s'
mkdir -p other/proc other/sys
fails "another machine's tree" 4 "$agent" overhead --root other
fails "a folder that cannot be made" 4 "$agent" overhead --rate 1000 --for 2s --state /proc/none
is "is told before anything is measured" "$("$agent" overhead --rate 1000 --for 2s --state /proc/none 2>/dev/null)" ""

"$agent" overhead --rate 1000 --for 2s --state state --format json >o.json 2>err
is "the result has all that it is known by" "$(jq -r 'keys_unsorted | join(" ")' o.json)" \
	"1000 measured_at agent kernel fingerprint cpus shared_cpu seed"
ok "ratio within its interval, of at least 20 pairs" \
	jq -e '.["1000"] | .low <= .ratio and .ratio <= .high and .low > 0 and .pairs >= 20' o.json
ok "the sampler's CPU time" jq -e '.["1000"] | .cpu > 0 and .cpu < 1 and .sample_us > 0' o.json
is "it is kept as it was printed" "$(cat state/overhead.json)" "$(cat o.json)"
is "with this machine's fingerprint" "$(jq -r .fingerprint o.json)" "$("$agent" inventory --format json | jq -r .fingerprint)"
cpus=$("$agent" placement --format json | jq '.cpus | length')
is "the CPU is shared where there is one alone" "$(jq .shared_cpu o.json)" "$([ "$cpus" = 1 ] && echo true || echo false)"
own=$("$agent" placement --format json | jq '.cpus[-1]')
taskset -c "$own" "$agent" overhead --rate 1000 --for 2s --state elsewhere >table 2>err
like "with one CPU it is said that it is shared" "$(cat table)" 'no CPU of its own'
like "a table with interval" "$(cat table)" '^1000 Hz +[+-][0-9.]+ % +\[[+-][0-9.]+, [+-][0-9.]+\] % +[0-9]+ '

# The agent tells it when it says hello.
start_coordinator
mkdir -p agents && mv state agents/a
start_agent a
stored() { sqlite3 -readonly c.db "SELECT $1 FROM inventory" | grep -q .; }
wait_for 120 stored 1
is "its host's inventory has it" "$(sqlite3 -readonly c.db 'SELECT * FROM inventory' | grep -o '"overhead":{"1000":{"ratio":[0-9.]*' | head -n 1 | cut -d: -f4)" \
	"$(jq '.["1000"].ratio' o.json)"
done_testing
