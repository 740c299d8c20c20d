# What tune has set is put back however a campaign ends. The machine is a copy of this one's CPUs, with governors.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap 'stop_cluster' EXIT
root=$PWD/root
mkdir -p "$root/proc" "$root/sys/devices/system/cpu"
cp /proc/cpuinfo /proc/stat /proc/meminfo "$root/proc/"
cp /sys/devices/system/cpu/{online,possible,present} "$root/sys/devices/system/cpu/"
for cpu in /sys/devices/system/cpu/cpu[0-9]*; do
	copy=$root$cpu
	mkdir -p "$copy/topology" "$copy/cpufreq"
	cp "$cpu"/topology/* "$copy/topology/" 2>/dev/null
	echo powersave >"$copy/cpufreq/scaling_governor"
	echo "performance powersave" >"$copy/cpufreq/scaling_available_governors"
done
governors() { cat "$root"/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor | sort -u | paste -sd' '; }
is_now() { [ "$(governors)" = "$1" ]; }
journal() { ls agents/*/tune.journal 2>/dev/null | wc -l; }
campaign() { # NAME SECONDS
	jq -n --arg name "$1" --arg seconds "$2" '{campaign: $name, benchmarks: {b: {command: ["sleep", $seconds]}},
		tune: {governor: "performance"}, measure: {energy: "off"}, repeat: {warmup: 0, blocks: 1}}' >"$1.yaml"
}

campaign short 0.1
joulerig run short.yaml --root "$root" --db here.db --quiet >/dev/null 2>here.err
is "a tuned campaign is done" "$(joulerig export short.1 --db here.db 2>here.err | jq -r .state)" done
is "and what was found is back" "$(governors)" powersave

campaign long 100
joulerig run long.yaml --root "$root" --db here.db --quiet >/dev/null 2>&1 &
run=$!
ok "it holds while a run is there" wait_for 120 is_now performance
kill -KILL $run
wait $run 2>/dev/null
ok "and is put back when 'joulerig run' is killed" wait_for 120 is_now powersave

start_coordinator
start_agent alpha --root "$root"
joulerig submit long.yaml --coordinator "$ADDRESS" --keys keys >/dev/null 2>&1
wait_for 120 is_now performance
joulerig cancel long.1 --coordinator "$ADDRESS" --keys keys >/dev/null
ok "put back when the campaign is cancelled" wait_for 120 is_now powersave

joulerig submit long.yaml --coordinator "$ADDRESS" --keys keys >/dev/null 2>&1
wait_for 120 is_now performance
is "a journal is there" "$(journal)" 1
kill_agent alpha
is "a killed agent leaves it" "$(governors) $(journal)" "performance 1"
joulerig cancel long.2 --coordinator "$ADDRESS" --keys keys >/dev/null 2>&1
start_agent alpha --root "$root"
ok "the next one puts it back" wait_for 120 is_now powersave
is "and has no journal any more" "$(journal)" 0

campaign some 3
joulerig submit some.yaml --coordinator "$ADDRESS" --keys keys >/dev/null 2>&1
wait_for 120 is_now performance
kill_coordinator
ok "put back without a coordinator, when the run is over" wait_for 120 is_now powersave
SERVE_PID=

# A journal that names what tune does not set is refused; the agent serves what needs no tuning.
kill -TERM ${AGENT_PID[alpha]}; wait ${AGENT_PID[alpha]}
printf 'etc/passwd\tx\n' >agents/alpha/tune.journal
start_coordinator
start_agent alpha --root "$root"
joulerig run short.yaml --coordinator "$ADDRESS" --keys keys --quiet >/dev/null 2>&1
like "with a journal that cannot be right nothing is tuned, and it says so" \
	"$(joulerig runs short.1 --coordinator "$ADDRESS" --keys keys --format csv)" 'skipped.*tune.journal: line 1 names a file that tune does not set'
jq 'del(.tune) | .campaign = "plain"' short.yaml >plain.yaml
joulerig run plain.yaml --coordinator "$ADDRESS" --keys keys --quiet >/dev/null 2>&1
is "what is not tuned is run" "$(joulerig export plain.1 --coordinator "$ADDRESS" --keys keys | jq -r .state)" done
is "and the journal is kept" "$(journal)" 1
done_testing
