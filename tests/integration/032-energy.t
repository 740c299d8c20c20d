#!/bin/bash
# joulerig-agent energy against the test meter, whose truth is known
. "$TOP/tests/lib.sh"
. "$TOP/tests/meter.sh"
agent=$BUILD/joulerig-agent

start_meter() { mount_meter mnt "$@"; }
stop_meter() { unmount_meter mnt; }
trap unmount_meters EXIT

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
# report OPTIONS...: into report.json
report() { "$agent" energy --root mnt --format json "$@" >report.json 2>report.err; }
# measured METRIC WATTS OPTIONS...: the same of a report; once more where the machine held up its readings so that it has no energy
measured() {
	tries 20 has_energy "$1" "${@:3}"
	within "$1" "$2"
}
has_energy() { report "${@:2}"; [ "$(number metrics "$1")" != none ]; }
# The bound holds whatever the load; that it is small, needs readings that were not held up.
tight() {
	local try
	for try in {1..20}; do
		measured energy.package 50 --for 2s || return 1
		[ "$(($(number uncertainty energy.package) * 1000))" -lt "$(($(number metrics energy.package) * 3))" ] && return 0
	done
	return 1
}

start_meter || skip_all "the meter cannot be mounted here: $(cat mnt.log)"
stop_meter
fails "neither a time nor a command" 2 "$agent" energy
fails "both" 2 "$agent" energy --for 1s -- true
fails "a bare number is no time" 2 "$agent" energy --for 2
fails "a machine without a meter" 4 "$agent" energy --root mnt --for 1s
fails "a command on a machine without a meter" 4 "$agent" energy --root /nowhere -- true

# 300 J are left until the counter wraps, 6 s after its start; where a machine is so slow that the window misses it, or holds up
# readings until they are flagged, once more
wrapped=no
counter=mnt/sys/class/powercap/intel-rapl:0/energy_uj
for try in {1..10}; do
	start_meter --zone name=package-0,power=50W,start=261843328850
	before=$(cat $counter)
	report -- sh -c "cat $counter >first; until [ \$(cat $counter) -lt $before ]; do sleep 0.1; done"
	ok "energy is within its bound (window $try)" within energy.package 50
	if [ "$(cat first)" -ge "$before" ] && [ "$(jq -c .flags report.json)" = '[]' ]; then wrapped=yes; break; fi
	stop_meter
done
is "the counter wrapped meanwhile" $wrapped yes
is "no flags" "$(grep -o '"flags":\[[^]]*\]' report.json)" '"flags":[]'
ok "the bound of 2 s is under 0.3 %" tight
ok "a table" "$agent" energy --root mnt --for 300ms
# tell OPTIONS...: the table, with an energy
tell() { "$agent" energy --root mnt "$@" >stdout 2>stderr; grep -q energy.package stdout stderr; }
tries 20 tell --for 300ms
like "a table has joules, bound and watts" "$(cat stdout)" 'J  ± .* W   energy.package-0'
fails "the command's exit status" 7 "$agent" energy --root mnt -- sh -c 'exit 7'
fails "a command that dies" 143 "$agent" energy --root mnt -- sh -c 'kill $$'
fails "a command that is not there" 127 "$agent" energy --root mnt -- ./nothing
is "stdout is the command's" "$("$agent" energy --root mnt -- echo hello 2>/dev/null)" hello
tries 20 tell -- sleep 0.3
like "the report goes to stderr" "$(cat stderr)" 'energy.package'
is "and nothing else to stdout" "$(cat stdout)" ''
around=(-- sh -c 'echo hello; sleep 0.3')
report "${around[@]}"
like "JSON is alone on stdout" "$(cat report.json)" '^\{"source":"powercap","exit_code":0,.*\}$'
is "and the command's output on stderr" "$(cat report.err)" hello
ok "around a command" measured energy.package 50 "${around[@]}"
stop_meter
start_meter --step 200ms
report -- true
like "a window of a few steps is short" "$(cat report.json)" '"flags":\["short"\]'
stop_meter

start_meter --zone name=package-1,power=30W --zone name=psys,power=90W --zone name=package-0,power=20W,start=5 \
	--zone name=core,power=12W,parent=0 --zone name=dram,power=4W,parent=2,range=65532610987 --zone name=uncore,power=0W,parent=2
all_have() { local m; report --for 1s; for m; do [ "$(number metrics "energy.$m")" != none ] || return 1; done; }
tries 20 all_have package package-0 package-1 dram core psys
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
wait_for 120 test -s command.pid
kill -TERM $ended
ok "a meter that is told to end ends its command" wait_for 120 sh -c '! kill -0 "$(cat command.pid)"'
kill -KILL "$(cat command.pid)" 2>/dev/null
wait $ended
is "with the command's status" $? 143
like "and a report" "$(cat ended.err)" '^ +[0-9.]+ s$'
stop_meter
# happen EVENT: a report of a time in which it comes
happen() { report -- sh -c 'sleep 0.5; echo "$1" >mnt/power; sleep 0.5' sh "$1"; }
vanishes() {
	start_meter --zone name=package-0,power=50W --zone name=package-1,power=50W
	happen "package-1 gone"
	stop_meter
	[ "$(number metrics energy.package-0)" != none ]
}
tries 20 vanishes
like "a zone that vanishes is flagged" "$(cat report.json)" '"zone_lost"'
is "there is no sum of what is left" "$(number metrics energy.package)" none
ok "what is left is measured" within energy.package-0 50
start_meter --zone name=package-0,power=50W,start=131071664425
happen "package-0 reset"
like "a counter that starts again is no wrap" "$(cat report.json)" '"flags":\["implausible"\]'
is "and has no energy" "$(number metrics energy.package)" none
stop_meter
start_meter --zone name=package-0,power=50W,range=0,start=1000
ok "a counter of unknown range, as long as it grows" measured energy.package 50 --for 500ms
stop_meter
# 100 J are a turn of 2 s: several wraps, found because the counter is read often enough; a machine that holds a reading up for
# longer than a quarter of a turn makes them ambiguous, and is asked again
start_meter --zone name=package-0,power=49W,max=25W,range=100000000,start=0
ok "many wraps" measured energy.package 49 --for 7s
stop_meter
done_testing
