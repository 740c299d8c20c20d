#!/bin/bash
# Energies of windows against the test meter's truth: whatever the power does, the truth is within the stated bound, or
# there is a flag
. "$TOP/tests/lib.sh"
. "$TOP/tests/meter.sh"
agent=$BUILD/joulerig-agent
accuracy=$BUILD/bench/accuracy
RANDOM=20
range=262143328850

start_meter() { mount_meter mnt "$@"; }
stop_meter() { unmount_meter mnt; }
trap unmount_meters EXIT
start_meter || skip_all "the meter cannot be mounted here: $(cat mnt.log)"
stop_meter

# inside ZONES OPTIONS...: the truth is within the bound in every window, and at least that many zones had an energy (where the
# machine is busy, readings are held up, and a window of a zone that drew little is refused: then once more)
inside() {
	local try zones=$1; shift
	for try in {1..20}; do
		"$accuracy" --each "$@" mnt >windows || break
		[ "$(awk '{ print $2 }' windows | sort -u | wc -l)" -lt "$zones" ] || return 0
	done
	cat windows
	return 1
}
# report OPTIONS...: report.json of the power meter
report() { "$agent" energy --root mnt --format json "$@" >report.json 2>report.err; }
flag() { if grep -q "\"flags\":\[[^]]*\"$1\"" report.json; then echo yes; else echo no; fi; }
# enough METRIC OPTIONS...: a report with an energy of that; once more where the machine held up the readings of the one before
enough() { tries 20 is_enough "$@"; }
is_enough() { report "${@:2}"; [ "$(metric "$1")" = yes ]; }
# how long it took
milliseconds() { jq '.metrics.time * 1000 | floor' report.json; }
metric() { if grep -q "\"metrics\":{[^}]*\"$1\":" report.json; then echo yes; else echo no; fi; }

# A schedule of 20 pieces: nothing, the most that the zone may draw (twice its max) or something in between, from 0.1 to 20 ms each
schedule() { # MAX_WATTS
	local piece power text=
	for piece in $(seq 20); do
		case $((RANDOM % 6)) in 0) power=0 ;; 1) power=$((2 * $1)) ;; *) power=$((RANDOM % (2 * $1))) ;; esac
		text+=+${power}W@$((100 + RANDOM % (RANDOM % 2 ? 2000 : 20000)))us
	done
	echo "${text#+}"
}
for round in 1 2 3 4 5; do
	zones=()
	for package in 0 1 2 3; do
		zones+=(--zone "name=package-$package,max=95W,steps=$(schedule 95),phase=$((RANDOM % 1000))us,jitter=$((RANDOM % 500))us,unit=$((RANDOM % 2 ? 61 : 15)),start=$((range - RANDOM * 3000))")
	done
	start_meter "${zones[@]}"
	ok "four random schedules, windows of 60 and 200 ms (round $round)" inside 1 --windows 2 --mode aligned --mode unaligned --time 60ms --time 200ms
	stop_meter
done

start_meter --zone name=package-0,power=50W,unit=61,jitter=200us
ok "constant power" inside 1 --windows 3 --time 20ms --time 500ms --mode aligned
stop_meter
start_meter --zone name=package-0,steps=20W@150ms+150W@50ms,unit=61
ok "steps" inside 1 --windows 10 --time 110ms --mode aligned
stop_meter
start_meter --zone name=package-0,power=60W,unit=61 --zone name=package-1,power=40W,unit=61,phase=500us
ok "two packages out of phase" inside 2 --windows 3 --time 100ms --time 300ms --mode aligned --mode unaligned
stop_meter
start_meter --zone name=package-0,power=50W,unit=61,start=$((range - 40000000))
ok "a wrap" inside 1 --windows 3 --time 500ms --mode aligned
stop_meter
# The counter must be read each 0.25 s. A reader that was held up longer says so, gives no number, and is asked again.
start_meter --zone name=package-0,power=49W,max=25W,range=50000000
ok "a wrap every second" inside 1 --windows 3 --time 1500ms --mode aligned
stop_meter
# Each 25 ms: that may be too often for this machine, but never is a number wrong.
start_meter --zone name=package-0,power=50W,max=50W,range=10000000
ok "a wrap every 0.2 s" inside 0 --windows 6 --time 500ms --mode aligned
stop_meter

start_meter --zone name=package-0,power=60W --zone name=psys,power=200W,unit=1000000,range=4294967295000000
enough energy.psys --for 2s
is "a platform that counts in joules has an energy" "$(metric energy.psys)" yes
ok "which is within its bound" awk -v j="$(cat report.json)" 'function get(part, name) {
		split(j, halves, "\"" part "\":{"); split(halves[2], rest, "\"" name "\":"); return rest[2] + 0 }
	BEGIN { d = get("metrics", "energy.psys") - 200 * get("metrics", "time"); u = get("uncertainty", "energy.psys")
		print d, u; exit !(d <= u && -d <= u && u >= 1) }'
stop_meter
# Of 5 W joules mean nothing for a second; once more where the machine made it as long as that.
start_meter --zone name=package-0,power=60W --zone name=psys,power=5W,unit=1000000,range=4294967295000000
brief() { report --for 100ms; [ "$(milliseconds)" -lt 900 ] && [ "$(metric energy.package)" = yes ]; }
tries 100 brief
is "but none in a time in which its joules mean nothing" "$(metric energy.psys)" no
is "which does not touch the package" "$(metric energy.package)" yes
stop_meter
start_meter --zone name=package-0,power=60W --zone name=package-1,power=60W \
	--zone name=dram,power=110W,max=95W,parent=0 --zone name=dram,power=3W,parent=1
enough energy.package --for 1200ms
is "memory that shows garbage is not believed" "$(flag dram_implausible)$(metric energy.dram-0)$(metric energy.dram-1)" yesnoyes
is "and there is no sum with it" "$(metric energy.dram)$(metric energy.package)" noyes
stop_meter
# What happens to counters, within the window.
happen() { local event; report -- sh -c 'sleep 0.5; for event; do echo "$event" >mnt/power; done; sleep 0.5' sh "$@"; }
zones=(--zone name=package-0,power=50W --zone name=package-1,power=50W,by=1000000000 --zone name=package-2,power=50W,start=131071664425)
jumps() {
	start_meter "${zones[@]}"
	happen "package-1 jump" "package-2 reset"
	stop_meter
	[ "$(metric energy.package-0)" = yes ]
}
tries 20 jumps
is "a counter that jumps, and one that starts again" "$(flag implausible)$(metric energy.package-1)$(metric energy.package-2)" yesnono
is "leave no sum, but the third package" "$(metric energy.package)$(flag energy_partial)$(metric energy.package-0)" noyesyes
start_meter --zone name=package-0,power=50W,range=0,start=1000000000 --zone name=package-1,power=50W
happen "package-0 reset" "package-1 gone"
is "a counter of unknown range that starts again" "$(flag reset)$(metric energy.package-0)" yesno
is "a zone that vanishes" "$(flag zone_lost)$(metric energy.package-1)" yesno
stop_meter
start_meter --zone name=package-0,power=50W --zone name=package-1,power=50W,mode=denied
enough energy.package-0 --for 300ms
is "a package that may not be read" "$(flag energy_partial)$(metric energy.package-0)$(metric energy.package)" yesyesno
stop_meter

# Counters that step so seldom that any machine is quick enough: ten steps are 2 s.
start_meter --step 200ms --zone name=package-0,power=50W,unit=61
short() { report -- sleep 0.005; [ "$(milliseconds)" -lt 1200 ]; }
tries 100 short
is "5 ms have no energy" "$(metric energy.package)$(flag short)" noyes
like "and are told why" "$(cat report.json)" '"note":"energy: [0-9.]+ m?s is too short for counters that step every [0-9.]+ ms: [0-9]+ repetitions inside the program would do"'
like "in the table, too" "$(for try in 1 2 3 4 5; do "$agent" energy --root mnt -- sleep 0.005 2>&1; done)" '^energy: .* repetitions inside the program would do$'
stop_meter
start_meter --zone name=package-0,power=50W,unit=61
enough energy.package --for 500ms
like "deviations in the report" "$(cat report.json)" '"deviation":\{[^}]*"energy.package":[0-9.e-]+'
like "energy-delay product" "$(cat report.json)" '"units":\{[^}]*"edp.package":"J·s"'
like "nothing to note" "$(cat report.json)" '"note":null'
stop_meter
done_testing
