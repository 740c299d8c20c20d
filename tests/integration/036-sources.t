#!/bin/bash
# What explains a joule, as doctor tells of it: an empty machine, a made one, captured ones
. "$TOP/tests/lib.sh"
agent=$BUILD/joulerig-agent
captures=$TOP/../shared/fixtures
cpus=sys/devices/system/cpu

# state ROOT SOURCE: what doctor says of it
state() { "$agent" doctor --root "$1" 2>/dev/null | awk -v s="$2" '$1 == s { print $2 }'; }
put() { mkdir -p "$(dirname "$1")" && printf '%s\n' "$2" >"$1"; }
unpack() { mkdir -p "$2" && tar -xjf "$1" -C "$2" --strip-components=1 2>/dev/null; }

sources="cpu_time frequency thermal uncore throttle smi cstates pressure run_io network perf_counters"
for file in online possible present; do put bare/$cpus/$file 0; done
put bare/$cpus/cpu0/topology/physical_package_id 0
put bare/$cpus/cpu0/topology/core_id 0
put bare/$cpus/cpu0/topology/thread_siblings 1
put bare/$cpus/cpu0/topology/core_siblings 1
for source in $sources; do
	is "a bare machine has no $source" "$(state bare "$source")" absent
	is "which is told once" "$("$agent" doctor --root bare | grep -c "^$source ")" 1
done

cp -R bare made
put made/proc/stat "cpu  1 2 3 4 5 6 7 8"
put made/proc/net/dev "Inter-|"
put made/proc/pressure/cpu "some avg10=0.00 avg60=0.00 avg300=0.00 total=1"
put made/sys/class/hwmon/hwmon5/name coretemp
put made/sys/class/hwmon/hwmon5/temp1_label "Package id 0"
put made/sys/class/hwmon/hwmon5/temp1_input 40000
put made/$cpus/cpu0/thermal_throttle/core_throttle_count 0
put made/$cpus/cpu0/cpuidle/state0/time 0
put made/$cpus/cpu0/cpufreq/scaling_cur_freq 1000000
put made/$cpus/intel_uncore_frequency/package_00_die_00/current_freq_khz 1000000
put made/sys/fs/cgroup/cgroup.controllers "cpu io"
for source in $sources; do
	case $source in smi | perf_counters) want=absent ;; *) want=ok ;; esac
	is "a made one: $source" "$(state made "$source")" $want
done

file=$captures/hwloc/x86+linux/5intel64-hybrid-lakefield.tar.bz2
if unpack "$file" lakefield; then
	for source in cpu_time frequency throttle cstates; do
		is "Lakefield as captured: $source" "$(state lakefield/fsroot $source)" ok
	done
	is "its sensors were not captured" "$(state lakefield/fsroot thermal)" absent
else
	skip "Lakefield" "no capture here, or no bzip2"
fi
done_testing
