#!/bin/bash
# joulerig-agent doctor: what it finds on generated machines; --fix and --undo in a tree
. "$TOP/tests/lib.sh"
agent=$BUILD/joulerig-agent
chmod 755 . # for tests as nobody

put() { mkdir -p "$(dirname "$1")" && printf '%s\n' "$2" >"$1"; }

# machine ROOT CPUS MASK FLAGS: topology of one package of two-thread cores
machine() {
	local root=$1 n=$2 mask=$3 flags=$4 cpu dir
	put "$root/proc/cpuinfo" "processor	: 0
vendor_id	: GenuineIntel
cpu family	: 6
model		: 154
model name	: A CPU
stepping	: 3
microcode	: 0x42c
flags		: fpu $flags
"
	for file in online possible present; do put "$root/sys/devices/system/cpu/$file" "0-$((n - 1))"; done
	for ((cpu = 0; cpu < n; cpu++)); do
		dir=$root/sys/devices/system/cpu/cpu$cpu/topology
		put "$dir/physical_package_id" 0
		put "$dir/core_id" $((cpu / 2))
		put "$dir/thread_siblings" "$(printf %x $((3 << (cpu / 2 * 2))))"
		put "$dir/core_siblings" "$mask"
	done
	put "$root/proc/stat" "cpu  100 0 50 1000 5 0 0 0 0 0"
	put "$root/proc/meminfo" "MemTotal:  8000000 kB
SwapTotal: 2000000 kB
SwapFree:  ${swap_free:-2000000} kB"
	put "$root/sys/devices/system/clocksource/clocksource0/current_clocksource" "${clock:-tsc}"
}
# cpufreq ROOT CPUS GOVERNOR EPP
cpufreq() {
	local cpu dir
	for ((cpu = 0; cpu < $2; cpu++)); do
		dir=$1/sys/devices/system/cpu/cpu$cpu/cpufreq
		put "$dir/scaling_governor" "$3"
		put "$dir/scaling_available_governors" "performance powersave"
		put "$dir/energy_performance_preference" "$4"
	done
}
zone() {
	put "$1/sys/class/powercap/$2/name" "$3"
	put "$1/sys/class/powercap/$2/energy_uj" 123456789
	put "$1/sys/class/powercap/$2/max_energy_range_uj" 262143328850
	chmod 0400 "$1/sys/class/powercap/$2/energy_uj"
}
# state WHAT: its state in report.json; why WHAT; command WHAT
state() { jq -r --arg w "$1" '.findings[] | select(.what == $w) | .state' report.json; }
why() { jq -r --arg w "$1" '.findings[] | select(.what == $w) | .why' report.json; }
command_of() { jq -r --arg w "$1" '.findings[] | select(.what == $w) | .command' report.json; }
examine() { "$@" doctor --format json >report.json 2>report.err || cat report.err; }

command -v jq >/dev/null || skip_all "no jq to read JSON"

# ---- a laptop: root's zones, sleepy governor, battery ----
swap_free=1000000 machine client 4 f ""
cpufreq client 4 powersave balance_performance
cpu=client/sys/devices/system/cpu
put $cpu/intel_pstate/no_turbo 0
put $cpu/smt/active 1
put $cpu/isolated 2-3
put client/proc/sys/kernel/perf_event_paranoid 3
put client/proc/sys/kernel/nmi_watchdog 1
put client/sys/class/power_supply/BAT0/type Battery
put client/sys/class/power_supply/BAT0/status Discharging
put client/sys/kernel/mm/transparent_hugepage/enabled "[always] madvise never"
zone client intel-rapl:0 package-0
zone client intel-rapl:0:0 core
as_user=()
[ "$(id -u)" != 0 ] || as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
chmod 0 client/sys/class/powercap/*/energy_uj # for an owner who is not root
chmod a-w client/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor
if "${as_user[@]}" "$agent" --version >/dev/null 2>&1; then
	JOULERIG_ROOT=client examine "${as_user[@]}" "$agent"
	is "client: its zone is denied" "$(state energy.package-0)" denied
	like "client: and how to be allowed" "$(command_of energy.package-0)" 'chgrp .*client/sys/class/powercap/intel-rapl:0/energy_uj'
	is "client: tune is" "$(state tune)" denied
	fails "client: --fix of this machine is for root" 4 "${as_user[@]}" "$agent" doctor --fix --root /
	like "client: and says how" "$("${as_user[@]}" "$agent" doctor --fix --root / 2>&1)" 'sudo joulerig-agent doctor --fix'
	fails "client: so is --undo" 4 "${as_user[@]}" "$agent" doctor --undo --root /
	if "${as_user[@]}" test -r "$agent"; then
		ok "client: --dry-run is for everybody" "${as_user[@]}" "$agent" doctor --fix --dry-run --root /
	else
		skip "client: --dry-run is for everybody" "the build is where not everybody may read"
	fi
else
	skip "client: denied zones" "nobody cannot run the programs here"
fi
chmod 400 client/sys/class/powercap/*/energy_uj
chmod u+w client/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor
JOULERIG_ROOT=client examine "$agent"
is "client: what is noisy" "$(jq -r '.findings[] | select(.state == "noisy") | .what' report.json | tr '\n' ' ')" \
	"governor epp turbo swap supply "
is "client: perf" "$(state perf) $(command_of perf)" "denied sudo joulerig-agent doctor --fix"
is "client: watchdog" "$(command_of nmi_watchdog)" "sudo sysctl kernel.nmi_watchdog=0"
is "client: siblings, isolated CPUs, huge pages are told" "$(state smt) $(state isolated) $(state hugepages)" "info info info"
like "client: turbo's command" "$(command_of turbo)" 'echo 1 > .*client/sys/devices/system/cpu/intel_pstate/no_turbo'
like "client: swap" "$(why swap)" '^976 MiB'
is "client: a load is told of running machines alone" "$(state load)" ""
is "client: every finding has its four keys" "$(jq '[.findings[] | keys == ["command", "state", "what", "why"]] | all' report.json)" true
for level in -1:ok 0:ok 1:limited 2:limited 4:denied; do
	put client/proc/sys/kernel/perf_event_paranoid "${level%:*}"
	JOULERIG_ROOT=client examine "$agent"
	is "perf_event_paranoid ${level%:*}" "$(state perf)" "${level#*:}"
done
put client/proc/sys/kernel/perf_event_paranoid 3

# ---- a virtual machine with nothing ----
clock=acpi_pm machine vm 2 3 hypervisor
JOULERIG_ROOT=vm examine "$agent"
is "vm: it is one" "$(state machine)" limited
is "vm: no energy, no frequency control, no counters" "$(state energy) $(state governor) $(state perf)" "absent absent absent"
is "vm: no driver would help" "$(command_of energy)" null
is "vm: its clock is slow" "$(state clock)" noisy
is "vm: nothing is said of what it has not" "$(state turbo)$(state smt)$(state supply)$(state isolated)$(state tune)" ""
is "vm: each thing once" "$(jq -r '.findings[].what' report.json | sort | uniq -d)" ""

# ---- a server as it should be ----
machine server 8 ff ""
cpufreq server 8 performance performance
put server/sys/devices/system/cpu/intel_pstate/no_turbo 1
put server/sys/devices/system/cpu/smt/active 0
put server/proc/sys/kernel/perf_event_paranoid 0
put server/proc/sys/kernel/nmi_watchdog 0
mkdir -p server/sys/class/power_supply
put server/sys/kernel/mm/transparent_hugepage/enabled "always [madvise] never"
JOULERIG_ROOT=server examine "$agent"
is "server: nothing is noisy or limited" "$(jq -r '.findings[] | select(.state == "noisy" or .state == "limited" or .state == "denied") | .what' report.json)" ""
is "server: what is fine says so" "$(state governor) $(state epp) $(state turbo) $(state smt) $(state swap) $(state supply) $(state clock) $(state perf)" \
	"ok ok ok ok ok ok ok ok"
put server/sys/devices/system/cpu/cpu5/cpufreq/scaling_governor powersave
JOULERIG_ROOT=server examine "$agent"
like "server: one CPU of another governor is enough" "$(why governor)" "^governor mixed"
like "room of the agent's folder" "$("$agent" doctor --root server --state .)" 'MiB are free in \.'
like "an agent's folder that is not there" "$("$agent" doctor --root server --state nowhere)" '^state +absent'

# ---- options ----
fails "both --fix and --undo" 2 "$agent" doctor --fix --undo
fails "--dry-run of nothing" 2 "$agent" doctor --dry-run
fails "--group of nothing" 2 "$agent" doctor --group x
fails "--perf of a way that there is not" 2 "$agent" doctor --fix --perf often --root client
for name in 'a;b' '$x' 'A' '-a' '' "a'b"; do fails "--group '$name'" 2 "$agent" doctor --fix "--group=$name" --root client; done

# ---- --fix and --undo: every byte, mode and group as before ----
# picture ROOT: all that there is, with mode, group and content
picture() { (cd "$1" && find . -printf '%p %y %m %G %s\n' | sort && find . -type f -exec cksum {} + | sort); }
put client/etc/group "root:x:0:
joulerig-energy:x:$(id -g):
other:x:77:"
put client/proc/sys/kernel/cap_last_cap 40
picture client >before
"$agent" doctor --fix --perf sysctl --root client --dry-run >dry.out
is "--dry-run changes nothing" "$(picture client | diff before - | head -3)" ""
is "--dry-run tells all that is to do" "$(grep -c '^would' dry.out)" 12
"$agent" doctor --fix --perf sysctl --root client >fix.out || diag fix.out
is "what would be is what is" "$(grep '^changed' fix.out | sed 's/^changed *//')" "$(grep '^would' dry.out | sed 's/^would *//')"
like "a step tells before and after" "$(cat fix.out)" '^changed  client/sys/devices/system/cpu/cpu2/cpufreq/scaling_governor: powersave -> performance'
like "a written file is shown" "$(cat fix.out)" '\+ SUBSYSTEM=="powercap".*chgrp joulerig-energy /sys%p/energy_uj && chmod g\+r'
like "commands are shown, not run" "$(cat fix.out)" '^shown .*udevadm control --reload'
is "the rule" "$(grep -c '^SUBSYSTEM' client/etc/udev/rules.d/70-joulerig.rules)" 1
is "the sysctl, for the next boot and now" "$(tail -n 1 client/etc/sysctl.d/70-joulerig.conf) $(cat client/proc/sys/kernel/perf_event_paranoid)" \
	"kernel.perf_event_paranoid = 0 0"
is "the counters" "$(stat -c '%a %g' client/sys/class/powercap/intel-rapl:*/energy_uj | sort -u)" "440 $(id -g)"
is "the governors" "$(cat client/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor | sort -u)" performance
is "the journal is nobody else's" "$(stat -c %a client/var/lib/joulerig/doctor.journal)" 600
picture client >after
"$agent" doctor --fix --perf sysctl --root client >again.out
is "a second --fix changes nothing" "$(picture client | diff after - | head -3)" ""
is "and says so" "$(grep -c '^changed' again.out)" 0
"$agent" doctor --undo --root client --dry-run >undry.out
is "--undo --dry-run changes nothing" "$(picture client | diff after - | head -3)" ""
"$agent" doctor --undo --root client >undo.out || diag undo.out
is "--undo leaves every byte as before" "$(picture client | diff before - | head -5)" ""
like "a second --undo has nothing to do" "$("$agent" doctor --undo --root client)" 'nothing of it is in force'

# Twice with other values: what was found at first is what comes back.
"$agent" doctor --fix --perf none --root client >/dev/null
put client/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor schedutil
"$agent" doctor --fix --perf sysctl --group other --root client >/dev/null || true
"$agent" doctor --undo --root client --format json >undo.json
is "after two --fix, too" "$(picture client | diff before - | head -5)" ""
is "steps as JSON" "$(jq -r '[.steps[].state] | unique | join(" ")' undo.json)" "changed shown"

# What somebody else made of our file since is theirs; a file of that name that was there is not lost.
put client/etc/sysctl.d/70-joulerig.conf "# mine"
picture client >before
"$agent" doctor --fix --perf sysctl --root client >/dev/null
"$agent" doctor --undo --root client >/dev/null
is "a file that was there comes back" "$(picture client | diff before - | head -5)" ""
"$agent" doctor --fix --perf sysctl --root client >/dev/null
put client/etc/sysctl.d/70-joulerig.conf "# edited"
like "an edited file is told" "$("$agent" doctor --undo --root client)" '^kept .*70-joulerig.conf: somebody has changed it'
is "and kept" "$(cat client/etc/sysctl.d/70-joulerig.conf)" "# edited"
rm -r client/etc/sysctl.d

# The capability is of the running system: shown in a tree. A group that is not there, too.
like "the capability is shown" "$("$agent" doctor --fix --root client --dry-run)" '^shown .*setcap cap_perfmon=ep .*joulerig-agent'
like "an old kernel has none: the sysctl" "$(put client/proc/sys/kernel/cap_last_cap 37; "$agent" doctor --fix --root client --dry-run)" '^would .*perf_event_paranoid: 3 -> 0'
put client/etc/group "root:x:0:"
like "a group that is to be made" "$("$agent" doctor --fix --root client --dry-run)" '^shown .*groupadd --system joulerig'
like "and who is to be in it" "$("$agent" doctor --fix --root client --group watts --dry-run)" '^shown .*usermod --append --groups watts USER'
"$agent" doctor --fix --root vm >vm.out
is "vm: nothing can be fixed" "$(grep -vc '^none' vm.out) $(ls vm | tr '\n' ' ')" "0 proc sys "

# A CPU that went away is no reason to leave the rest.
picture client >before
"$agent" doctor --fix --perf none --root client >/dev/null
rm client/sys/devices/system/cpu/cpu3/cpufreq/scaling_governor
like "a governor that is gone" "$("$agent" doctor --undo --root client)" '^gone .*cpu3'
put client/sys/devices/system/cpu/cpu3/cpufreq/scaling_governor powersave
is "all the rest is back" "$(picture client | diff before - | head -5)" ""

# ---- a journal is not obeyed blindly ----
"$agent" doctor --fix --perf none --root client >/dev/null
journal=client/var/lib/joulerig/doctor.journal
cp -p $journal good.journal
for path in etc/passwd ../etc/passwd proc/sys/kernel/core_pattern sys/../etc/shadow; do
	jq --arg p "$path" '.changes[-1].path = $p' good.journal >bad.journal
	cat bad.journal >$journal
	fails "a journal that names $path" 4 "$agent" doctor --undo --root client
done
echo '{"changes": [' >$journal
fails "a torn journal" 4 "$agent" doctor --undo --root client
cat good.journal >$journal
chmod 666 $journal
fails "a journal that others may write" 4 "$agent" doctor --undo --root client
chmod 600 $journal
ok "and the good one" "$agent" doctor --undo --root client
is "all is back" "$(picture client | diff before - | head -5)" ""

# A link in the tree does not lead out of it.
mkdir outside
rm -rf client/etc/udev
ln -s "$PWD/outside" client/etc/udev
"$agent" doctor --fix --perf none --group root --root client >link.out 2>&1 || true
is "nothing is written outside of the root" "$(ls outside)" ""

done_testing
