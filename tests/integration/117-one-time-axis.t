# Samples of hosts whose clocks have nothing in common stand on one axis, with how far that can be wrong.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

cat >two.yaml <<'YAML'
campaign: two
benchmarks: {nap: {command: [sleep, "0.3"]}}
measure: {energy: off, every: 10ms}
repeat: {warmup: 0, blocks: 6}
YAML
start_coordinator
start_agent near
# The other agent's clock is a day ahead, where the kernel can do that.
day=()
if unshare --time --monotonic 86400 true 2>/dev/null; then
	day=(unshare --time --monotonic 86400)
elif unshare --user --map-root-user --time --monotonic 86400 true 2>/dev/null; then
	day=(unshare --user --map-root-user --time --monotonic 86400)
fi
mkdir -p agents
joulerig key trust far "$(joulerig-agent key --state agents/far)" --role agent --keys keys
"${day[@]}" joulerig-agent --coordinator "$ADDRESS" --server-key "$SERVER_KEY" --state agents/far --name far 2>agents/far.log &
AGENT_PID[far]=$!
ok "the campaign runs" joulerig run two.yaml --coordinator "$ADDRESS" --keys keys --quiet
joulerig export two.1 --coordinator "$ADDRESS" --keys keys --what samples >samples
joulerig export two.1 --coordinator "$ADDRESS" --keys keys >runs

is "every sample is on the axis" "$(jq -r 'select(.at == null or .at_bound == null) | .run' samples | wc -l)" 0
like "in RFC 3339, to the microsecond" "$(head -n 1 samples | jq -r .at)" '^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-9:]{8}\.[0-9]{6}Z$'
# The date of this one machine is what both agents wrote into their runs; a sample comes after the start of its run.
jq -rs 'def ns: (.[:19] + "Z" | fromdate) + (.[19:-1] | "0" + . | tonumber);
	(map(select(.started_at) | {key: "\(.run)", value: (.started_at | ns)}) | from_entries) as $begun
	| map(select(.at) | {host, late: ((.at | ns) - $begun["\(.run)"]), bound: .at_bound})
	| group_by(.host)[] | "\(.[0].host) \(map(.late) | min) \(map(.late) | max) \(map(.bound) | max)"' runs samples >late
diag late
is "there are two hosts" "$(wc -l <late)" 2
# A run takes 0.3 s and more on a busy machine, its start is known to the ms; a clock taken wrongly would be off by a day.
is "no sample is before its run, none after its hour" "$(awk '$2 < -0.1 - $4 || $3 > 3600 {print $1}' late)" ""
if [ ${#day[@]} -gt 0 ]; then
	ahead=$(jq -rs 'map(select(.host == "far") | .time) | min' samples)
	here=$(jq -rs 'map(select(.host == "near") | .time) | min' samples)
	is "their own clocks are a day apart" "$(((ahead - here + 43200000000000) / 86400000000000))" 1
else
	skip "their own clocks are a day apart" "no time namespaces here"
fi
is "CSV has it, too" "$(joulerig export two.1 --coordinator "$ADDRESS" --keys keys --what samples --format csv | head -n 1 | cut -d, -f4-6)" time,at,at_bound

# A run of several hosts has the samples of its main role, and is on the axis as that role's host is.
cat >pair.yaml <<'YAML'
campaign: pair
benchmarks:
  b:
    roles:
      server: {command: [sleep, "100"], hosts: {names: [near]}}
      client: {command: [sleep, "0.3"], hosts: {names: [far]}}
    main: client
measure: {energy: off, every: 10ms}
repeat: {warmup: 0, blocks: 2}
YAML
ok "a campaign of several hosts runs" joulerig run pair.yaml --coordinator "$ADDRESS" --keys keys --quiet
joulerig export pair.1 --coordinator "$ADDRESS" --keys keys --what samples >samples
is "there are samples of both runs" "$(jq -r .run samples | sort -u | wc -l)" 2
is "all on the axis" "$(jq -r 'select(.at == null or .at_bound == null) | .run' samples | wc -l)" 0
done_testing
