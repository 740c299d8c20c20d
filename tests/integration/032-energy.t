#!/bin/bash
# joulerig-agent energy against the test meter, whose truth is known
. "$TOP/tests/lib.sh"
agent=$BUILD/joulerig-agent
mkdir mnt

start_meter() {
	: >ready
	"$BUILD/tests/meter" "$@" mnt >ready 2>meter.err &
	meter=$!
	wait_for 20 grep -q ready ready || { kill $meter 2>/dev/null; return 1; }
}
stop_meter() { kill -TERM $meter 2>/dev/null; wait $meter 2>/dev/null; }
trap 'stop_meter; umount -l mnt 2>/dev/null' EXIT

# number KEY NAME: a number of report.json, in exact micro-units ("metrics" "energy.package" -> uJ)
number() {
	local text
	text=$(grep -o "\"$1\":{[^}]*}" report.json | grep -o "\"$2\":[0-9.e+-]*" | head -n 1 | cut -d: -f2)
	awk -v n="${text:-nan}" 'BEGIN { if (n == "nan") print "none"; else printf "%.0f\n", n * 1e6 }'
}
# within METRIC WATTS: energy is within its own uncertainty of power x time
within() {
	local e u t
	e=$(number metrics "$1") u=$(number uncertainty "$1") t=$(number metrics time)
	[ "$e" != none ] && [ "$u" != none ] && [ "$t" != none ] || { cat report.json; return 1; }
	awk -v e="$e" -v u="$u" -v t="$t" -v w="$2" 'BEGIN { d = e - w * t; if (d < 0) d = -d;
		printf "energy %d uJ, uncertainty %d, time %d us, off by %d\n", e, u, t, d; exit !(d <= u + 1) }'
}
# The bound holds whatever the load; that it is small, needs readings that were not held up: some tries.
tight() {
	local try
	for try in 1 2 3 4 5; do
		"$agent" energy --root mnt --for 2s --format json >report.json || return 1
		within energy.package 50 || return 1
		[ "$(($(number uncertainty energy.package) * 1000))" -lt "$(($(number metrics energy.package) * 3))" ] && return 0
	done
	return 1
}

start_meter || skip_all "the meter cannot be mounted here: $(cat meter.err)"
stop_meter
fails "neither a time nor a command" 2 "$agent" energy
fails "both" 2 "$agent" energy --for 1s -- true
fails "a bare number is no time" 2 "$agent" energy --for 2
fails "a machine without a meter" 4 "$agent" energy --root mnt --for 1s
fails "a command on a machine without a meter" 4 "$agent" energy --root /nowhere -- true

# 165 J are left until the counter wraps, 3.3 s after its start; on a machine so slow that the window misses it, once more
wrapped=no
for try in 1 2 3 4; do
	start_meter --zone name=package-0,power=50W,start=261978328850
	before=$(cat mnt/sys/class/powercap/intel-rapl:0/energy_uj)
	"$agent" energy --root mnt --for 4s --format json >report.json 2>report.err
	after=$(cat mnt/sys/class/powercap/intel-rapl:0/energy_uj)
	ok "energy is within its bound (window $try)" within energy.package 50
	# a machine that holds up readings widens the bound until it is flagged
	if [ "$after" -lt "$before" ] && grep -q '"flags":\[\]' report.json; then wrapped=yes; break; fi
	stop_meter
done
is "the counter wrapped meanwhile" $wrapped yes
is "no flags" "$(grep -o '"flags":\[[^]]*\]' report.json)" '"flags":[]'
ok "the bound of 2 s is under 0.3 %" tight
ok "a table" "$agent" energy --root mnt --for 300ms
like "a table has joules, bound and watts" "$("$agent" energy --root mnt --for 300ms)" 'J  ± .* W   energy.package-0'
fails "the command's exit status" 7 "$agent" energy --root mnt -- sh -c 'exit 7'
fails "a command that dies" 143 "$agent" energy --root mnt -- sh -c 'kill $$'
fails "a command that is not there" 127 "$agent" energy --root mnt -- ./nothing
is "stdout is the command's" "$("$agent" energy --root mnt -- echo hello 2>/dev/null)" hello
like "the report goes to stderr" "$("$agent" energy --root mnt -- sleep 0.3 2>&1 >/dev/null)" 'energy.package'
"$agent" energy --root mnt --format json -- sh -c 'echo hello; sleep 0.3' >report.json 2>report.err
like "JSON is alone on stdout" "$(cat report.json)" '^\{"source":"powercap","exit_code":0,.*\}$'
is "and the command's output on stderr" "$(cat report.err)" hello
ok "around a command" within energy.package 50
"$agent" energy --root mnt --format json -- true >report.json
like "a window of a few ms is short" "$(cat report.json)" '"flags":\["short"\]'
stop_meter

start_meter --zone name=package-1,power=30W --zone name=psys,power=90W --zone name=package-0,power=20W,start=5 \
	--zone name=core,power=12W,parent=0 --zone name=dram,power=4W,parent=2,range=65532610987 --zone name=uncore,power=0W,parent=2
"$agent" energy --root mnt --for 1s --format json >report.json
ok "sum of the packages, by name" within energy.package 50
ok "package-0" within energy.package-0 20
ok "package-1" within energy.package-1 30
ok "dram" within energy.dram 4
ok "core" within energy.core 12
ok "psys, apart" within energy.psys 90
like "a zone that does not change is static, not zero" "$("$agent" inventory --root mnt --format json)" '"name":"uncore"[^}]*"state":"static"'
is "and has no metric" "$(number metrics energy.uncore)" none
stop_meter

start_meter --zone name=package-0,power=50W,mode=denied
fails "a counter that may not be read" 4 "$agent" energy --root mnt --for 1s
like "what to do about it is told" "$("$agent" energy --root mnt --for 1s 2>&1)" 'sudo .*chmod g\+r'
is "in one line" "$("$agent" energy --root mnt --for 1s 2>&1 | wc -l)" 1
like "doctor tells, too" "$("$agent" doctor --root mnt)" 'energy.package-0 +denied'
stop_meter
start_meter --zone name=package-0,power=50W,mode=broken
fails "a counter that fails" 4 "$agent" energy --root mnt --for 1s
like "is broken" "$("$agent" inventory --root mnt --format json)" '"state":"broken"'
stop_meter
start_meter --zone name=package-0,power=50W
"$agent" energy --root mnt -- sh -c 'echo $$ >command.pid; exec sleep 600' 2>ended.err &
ended=$!
wait_for 20 test -s command.pid
kill -TERM $ended
ok "a meter that is told to end ends its command" wait_for 20 sh -c '! kill -0 "$(cat command.pid)"'
kill -KILL "$(cat command.pid)" 2>/dev/null
wait $ended
is "with the command's status" $? 143
like "and a report" "$(cat ended.err)" '^ +[0-9.]+ s$'
stop_meter
start_meter --zone name=package-0,power=50W --zone name=package-1,power=50W,gone=2s
"$agent" energy --root mnt --for 4s --format json >report.json
like "a zone that vanishes is flagged" "$(cat report.json)" '"zone_lost"'
is "there is no sum of what is left" "$(number metrics energy.package)" none
ok "what is left is measured" within energy.package-0 50
stop_meter
start_meter --zone name=package-0,power=50W,start=131071664425,reset=3s
"$agent" energy --root mnt --for 5s --format json >report.json
like "a counter that starts again is no wrap" "$(cat report.json)" '"flags":\["implausible"\]'
is "and has no energy" "$(number metrics energy.package)" none
stop_meter
start_meter --zone name=package-0,power=50W,range=0,start=1000
"$agent" energy --root mnt --for 500ms --format json >report.json
ok "a counter of unknown range, as long as it grows" within energy.package 50
stop_meter
# 100 J are a turn of 2 s: many wraps, found because the counter is read often enough
start_meter --zone name=package-0,power=50W,range=100000000,start=0
# a machine that holds a reading up for longer than a quarter of a turn makes them ambiguous, and is asked again
for try in 1 2 3 4 5; do
	"$agent" energy --root mnt --for 5s --format json >report.json
	grep -q wrap_ambiguous report.json || break
done
ok "many wraps" within energy.package 50
stop_meter
done_testing
