#!/bin/bash
# Every policy on written and captured machines, compared with what check-placement works out from the topology files itself
. "$TOP/tests/lib.sh"
command -v perl >/dev/null || skip_all "no perl"
agent=$BUILD/joulerig-agent
check=$TOP/tests/tools/check-placement
captures=${JOULERIG_FIXTURES:-$TOP/../shared/fixtures}

placement() { "$agent" placement --format json --root "$@" | sed 's/.*"cpus":\[\([^]]*\)\].*/\1/'; }
# less LIST CPUS...: the list without these
less() { local l=$1 c; shift; for c; do l=$(printf %s "$l" | tr , '\n' | grep -vx "$c" | paste -sd,); done; echo "$l"; }

for machine in dies hybrid lowpower single server; do
	"$check" --make $machine $machine
	ok "$machine" "$check" "$BUILD/tests/placements" $machine
done
# fewer CPUs online: what is left is right, and in the same order
n=0
for offline in 0 1 0,12 3,15 12,13,14 0,1,2,12,13,14 0,6,12,18 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23; do
	n=$((n + 1))
	"$check" --make server server-$n $offline
	ok "server without $offline" "$check" "$BUILD/tests/placements" server-$n
done
for offline in 0 1 0,1 8 2,4,6; do
	n=$((n + 1))
	"$check" --make hybrid hybrid-$n $offline
	ok "hybrid without $offline" "$check" "$BUILD/tests/placements" hybrid-$n
done
"$check" --make server cores 3,15,7,19
"$check" --make server seconds 13,16,22
for policy in close compact; do
	is "$policy keeps its order without two cores" "$(placement cores --policy $policy)" \
		"$(less "$(placement server --policy $policy)" 3 15 7 19)"
	is "$policy keeps its order without second siblings" "$(placement seconds --policy $policy)" \
		"$(less "$(placement server --policy $policy)" 13 16 22)"
done
"$check" --make server last 5,17,11,23
is "scatter keeps its order without the last core of each package" "$(placement last --policy scatter --smt avoid)" \
	"$(less "$(placement server --policy scatter --smt avoid)" 5 11)"

# what is written in the definitions, read off by hand
is "close" "$(placement server --cpus 12)" 1,2,3,4,5,6,7,8,9,10,11,12
is "compact" "$(placement server --cpus 5 --policy compact)" 1,13,2,14,3
is "scatter" "$(placement server --cpus 6 --policy scatter)" 1,6,3,9,2,7
is "balanced" "$(placement server --cpus 4 --policy balanced)" 1,3,6,9
is "balanced on fewer cores than threads" "$(placement single --cpus 9 --packages 1 --policy balanced --oversubscribe)" \
	2,4,6,8,0,2,4,6,8
is "low-power cores" "$(placement hybrid --core-kind lowpower) $(placement lowpower --core-kind lowpower)" "8,9 6,7"
is "explicit" "$(placement server --policy explicit --list 9,0,3-5)" 9,0,3,4,5
is "cpus may say what the list does" "$(placement server --policy explicit --list 9,0 --cpus 2)" 9,0
like "the same CPU twice" "$("$agent" placement --root server --policy explicit --list 1,1 2>&1)" "CPU 1 comes twice"
is "the same CPU twice, as asked for" "$(placement server --policy explicit --list 1,1 --oversubscribe)" 1,1
fails "cpus says another number" 2 "$agent" placement --root server --policy explicit --list 9,0 --cpus 3
fails "a CPU that is not there" 4 "$agent" placement --root server --policy explicit --list 9,99
like "is named" "$("$agent" placement --root server --policy explicit --list 9,99 2>&1)" "CPU 99 is not online"
fails "a list for another policy" 2 "$agent" placement --root server --policy close --list 1
fails "more packages than there are" 4 "$agent" placement --root server --packages 3
fails "no such memory" 2 "$agent" placement --memory near
like "how many there are, and why" "$("$agent" placement --root hybrid --core-kind performance --smt avoid --cpus 3 2>&1)" \
	"3 CPUs asked for, 2 are there to be had: 10 online, 10 allowed to this process, 4 on performance cores, 2 without second"
like "mixed kinds are told" "$("$agent" placement --root hybrid)" "kinds of cores are mixed: 4 performance 4 efficiency 2 lowpower"
is "what threads are told" "$("$agent" placement --root server --policy explicit --list 9,0 --threads each |
	grep -E '^(OMP_|JOULERIG_PIN)' | paste -sd' ')" \
	"OMP_PLACES={9},{0} OMP_PROC_BIND=true JOULERIG_PIN=9,0 OMP_NUM_THREADS=2"

# Captured machines
for file in "$captures"/hwloc/linux/*.tar.bz2 "$captures"/hwloc/x86+linux/*.tar.bz2 "$captures"/util-linux/*.tar.gz; do
	if [ ! -r "$file" ]; then
		skip "${file#"$captures"/}" "the capture is not here"
		continue
	fi
	rm -rf capture && mkdir capture
	case $file in *.bz2) how=j ;; *) how=z ;; esac
	# What tells the topology alone: thousands of other files would take a minute. Whether the cores of AMD's modules are
	# threads hwloc decides by something else.
	only=(--wildcards '*/cpuinfo' '*/cpu/online' '*/cpu/possible' '*/cpu/present' '*/cpu[0-9]*/online'
		'*/topology/*' '*/cache/index*/level' '*/cache/index*/type' '*/cache/index*/size' '*/cache/index*/shared_cpu_*'
		'*/base_frequency' '*/cpuinfo_max_freq' '*/cpu_capacity' '*/node[0-9]*/cpumap' '*/devices/cpu_*')
	case $file in */64amd64*) only=() ;; esac
	tar -x${how}f "$file" -C capture --strip-components=1 "${only[@]}" 2>/dev/null
	root=capture
	[ -d capture/fsroot ] && root=capture/fsroot
	if ! ls $root/sys/devices/system/cpu/cpu*/topology/thread_siblings >/dev/null 2>&1; then
		skip "${file##*/}" "it has no topology"
		continue
	fi
	case $file in *vmware_fpe*)
		skip "${file##*/}" "whether the cores of its modules are threads is a matter of opinion"
		continue
		;;
	esac
	ok "${file##*/}" "$check" "$BUILD/tests/placements" $root
done
done_testing
