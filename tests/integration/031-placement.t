#!/bin/bash
# joulerig-agent placement: this machine, and captured ones
. "$TOP/tests/lib.sh"
agent=$BUILD/joulerig-agent
captures=$TOP/../shared/fixtures/hwloc/linux

unpack() { mkdir -p "$2" && tar -xjf "$1" -C "$2" --strip-components=1 2>/dev/null; }
cpus() { "$agent" placement --format json "$@" | sed 's/.*"cpus":\[\([^]]*\)\].*/\1/'; }

ok "placement here" "$agent" placement --cpus 1
like "as JSON" "$("$agent" placement --cpus 1 --format json)" '^\{"cpus":\[[0-9]+\],"policy":"close","reason":".+"\}$'
fails "more CPUs than there are" 4 "$agent" placement --cpus 100000
like "and it says how many there are" "$("$agent" placement --cpus 100000 2>&1)" '[0-9]+ are there'
fails "an unknown policy" 2 "$agent" placement --policy clsoe
fails "no number" 2 "$agent" placement --cpus four
is "only what this process may use" "$(taskset -c 0 "$agent" placement --format json | sed 's/.*"cpus":\[\([^]]*\)\].*/\1/')" 0

file=$captures/20em64t-hybrid-1p6c2t+2ca4co1t.tar.bz2
if [ -r "$file" ] && unpack "$file" raptor; then
	is "Raptor Lake: 4" "$(cpus --root raptor --cpus 4 --policy close)" 2,4,6,8
	is "Raptor Lake: all" "$(cpus --root raptor)" 2,4,6,8,10,12,13,14,15,16,17,18,19,1,3,5,7,9,11,0
	is "Raptor Lake: no siblings" "$(cpus --root raptor --smt avoid)" 2,4,6,8,10,12,13,14,15,16,17,18,19,0
	is "Raptor Lake: siblings together" "$(cpus --root raptor --smt only --cpus 4)" 2,3,4,5
	is "Raptor Lake: efficiency cores" "$(cpus --root raptor --core-kind efficiency)" 12,13,14,15,16,17,18,19
	is "Raptor Lake: performance cores" "$(cpus --root raptor --core-kind performance --cpus 6)" 2,4,6,8,10,1
	fails "Raptor Lake: no low-power cores" 4 "$agent" placement --root raptor --core-kind lowpower
	taskset -c 0 "$agent" placement --root raptor --cpus 4 --format json >bound.json
	like "another machine's CPUs are not bounded by this process's" "$(cat bound.json)" '2,4,6,8'
else
	skip "Raptor Lake" "the capture is not here"
fi
file=$captures/32em64t-2n8c+dax+nvme+mic+dimms.tar.bz2
if [ -r "$file" ] && unpack "$file" snb; then
	# CPUs 0-7 are the first package's, 8-15 the second's, one thread a core
	is "Sandy Bridge-EP: the first package before the second" "$(cpus --root snb --cpus 9)" 1,2,3,4,5,6,7,8,9
	is "Sandy Bridge-EP: all" "$(cpus --root snb)" 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,0
	fails "Sandy Bridge-EP: no core has two threads" 4 "$agent" placement --root snb --smt only
else
	skip "Sandy Bridge-EP" "the capture is not here"
fi
done_testing
