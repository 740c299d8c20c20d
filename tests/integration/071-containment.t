# What a run starts ends with it; and what a killed agent leaves behind ends when the next one starts.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap 'stop_cluster; kill -KILL $(cat pid.* 2>/dev/null) 2>/dev/null' EXIT

is_gone() { ! kill -0 "$(cat "$1")" 2>/dev/null; }
is_there() { [ -s "$1" ] && kill -0 "$(cat "$1")"; }
one() { # NAME SCRIPT: one run of a shell script; its object as exported into run.NAME
	jq -n --arg name "$1" --arg script "$2" '{campaign: $name, benchmarks: {b: {command: ["sh", "-c", $script]}},
		measure: {energy: "off"}, repeat: {warmup: 0, blocks: 1}}' >"$1.yaml"
	joulerig run "$1.yaml" --coordinator "$ADDRESS" --keys keys --quiet >/dev/null 2>"$1.err"
	joulerig export "$1.1" --coordinator "$ADDRESS" --keys keys >"run.$1"
}
has_flag() { jq -e --arg flag "$2" '.flags | index($flag) != null' "run.$1" >/dev/null; }

start_coordinator
start_agent alpha

one tidy "sleep 0.01 & (setsid sh -c 'echo \$\$ >$PWD/pid.tidy; exec sleep 0.01' &)
	wait; until [ -s $PWD/pid.tidy ] && ! kill -0 \$(cat $PWD/pid.tidy) 2>/dev/null; do sleep 0.01; done"
is "a run that leaves nothing is done" "$(jq -r .state run.tidy)" done
fails "and no process is said to have been left" 1 has_flag tidy leftovers

one daemon "(setsid sh -c 'trap \"\" TERM HUP; (setsid sh -c \"echo \\\$\\\$ >$PWD/pid.inner; exec sleep 999\" &)
	echo \$\$ >$PWD/pid.outer; while :; do sleep 999; done' &)
	until [ -s $PWD/pid.inner ] && [ -s $PWD/pid.outer ]; do sleep 0.01; done"
is "one that leaves daemons is done" "$(jq -r .state run.daemon)" done
ok "its flags say that something was left" has_flag daemon leftovers
ok "a daemon that ignores signals is gone" is_gone pid.outer
ok "a daemon of that daemon is gone" is_gone pid.inner

# Both programs are killed at once: nobody is left to end what runs.
jq -n --arg script "(setsid sh -c 'echo \$\$ >$PWD/pid.known; exec sleep 998' &)
	(env -i PATH=/usr/bin:/bin setsid sh -c 'echo \$\$ >$PWD/pid.unknown; exec sleep 997' &)
	exec sleep 996" '{campaign: "long", benchmarks: {b: {command: ["sh", "-c", $script]}},
	measure: {energy: "off"}, repeat: {warmup: 0, blocks: 1}}' >long.yaml
joulerig submit long.yaml --coordinator "$ADDRESS" --keys keys >/dev/null
ok "a run starts processes" wait_for 120 is_there pid.known
wait_for 120 is_there pid.unknown
known=$(cat pid.known) unknown=$(cat pid.unknown)
in_cgroup=$(grep -c /joulerig-run- "/proc/$unknown/cgroup")
exec_pid=$(cat "/proc/${AGENT_PID[alpha]}/task/${AGENT_PID[alpha]}/children")
kill -STOP ${AGENT_PID[alpha]} $exec_pid # neither sees the other go
kill -KILL ${AGENT_PID[alpha]} $exec_pid
wait "${AGENT_PID[alpha]}" 2>/dev/null
ok "they outlive their agent when that is killed with joulerig-exec" kill -0 "$known" "$unknown"
joulerig cancel long.1 --coordinator "$ADDRESS" --keys keys >/dev/null 2>&1
start_agent alpha
known_gone() { ! kill -0 "$known" 2>/dev/null; }
unknown_gone() { ! kill -0 "$unknown" 2>/dev/null; }
ok "the next agent ends what has its environment" wait_for 120 known_gone
if [ "$in_cgroup" = 0 ]; then
	skip "and what has not, by its cgroup" "the agent may make no cgroups here"
	kill -KILL "$unknown"
else
	ok "and what has not, by its cgroup" wait_for 120 unknown_gone
fi
one after 'exit 0'
is "and runs are measured again" "$(jq -r .state run.after)" done
done_testing
