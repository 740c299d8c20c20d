# The agent's threads stay off a run's CPUs, as the run itself sees them.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

cpus=$(joulerig-agent placement --format json | jq '.cpus | length')
[ "$cpus" -ge 2 ] || skip_all "one CPU is the agent's and the run's"
# The one that is used last.
housekeeping=$(joulerig-agent placement --format json | jq '.cpus[-1]')

start_coordinator
start_agent a
agent=${AGENT_PID[a]}

cat >look.sh <<'SH'
# Late enough for the sampler to be at work: it has slept between samples.
for t in /proc/$1/task/*; do [ "$(cat "$t/comm")" != sampler ] || sampler=$t; done
naps() { sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p' "$sampler/status"; }
before=$(naps)
until [ "$(naps)" -gt $((before + 5)) ]; do sleep 0.05; done
for t in /proc/$1/task/*; do
	echo "$(cat "$t/comm" | tr -d ' '): $(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "$t/status")"
done
SH
campaign() { # NAME CPUS
	cat <<-YAML
		campaign: $1
		files: [look.sh]
		setup: {command: ["true"]}
		benchmarks: {look: {command: [sh, look.sh, "$agent"]}}
		placement: {cpus: $2}
		measure: {energy: off, every: 10ms}
		repeat: {warmup: 0, blocks: 2}
	YAML
}
# What the runs of a campaign saw: "THREAD: CPUS", each once
seen() {
	joulerig run "$1.yaml" --coordinator "$ADDRESS" --keys keys >run.log 2>&1 || { cat run.log >&2; return 1; }
	joulerig export "$1.1" --coordinator "$ADDRESS" --keys keys --what output | jq -r .text | grep : | sort -u
}

campaign one 1 >one.yaml
campaign all "$cpus" >all.yaml
one=$(seen one)
diag <<<"$one"
like "the run saw the sampler" "$one" '^sampler: '
like "and the threads of ZeroMQ" "$one" '^ZMQbg'
is "all on the housekeeping CPU" "$(sed 's/.*: //' <<<"$one" | sort -u)" "$housekeeping"
all=$(seen all)
is "a run of all CPUs leaves them all" "$(sed 's/.*: //' <<<"$all" | sort -u)" "$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)"
sed -i 's/^campaign: one/campaign: again/' one.yaml && mv one.yaml again.yaml
is "and a run of one binds them again" "$(seen again)" "$one"
done_testing
