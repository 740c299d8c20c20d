#!/bin/bash
# joulerig-agent inventory: this machine, and captured ones
. "$TOP/tests/lib.sh"
agent=$BUILD/joulerig-agent
captures=$TOP/../shared/fixtures/hwloc

# field JSON PATH: a value of the JSON document in the file, as compact JSON
field() { python3 -c 'import json,sys,functools
print(json.dumps(functools.reduce(lambda o, k: o[int(k)] if isinstance(o, list) else o[k], sys.argv[2].split("/"), json.load(open(sys.argv[1]))), separators=(",", ":")))' "$1" "$2"; }
unpack() { mkdir -p "$2" && tar -xjf "$1" -C "$2" --strip-components=1 2>/dev/null; }

ok "inventory as a table" "$agent" inventory
"$agent" inventory --format json >here.json 2>here.err
is "inventory as JSON says nothing else" "$(cat here.err)" ""
is "it is one line" "$(wc -l <here.json)" 1
for word in --help --version; do ok "inventory $word" "$agent" inventory $word; done
fails "an unknown option" 2 "$agent" inventory --formt json
fails "an unknown format" 2 "$agent" inventory --format yaml
fails "an argument" 2 "$agent" inventory here
fails "a root that is not there" 4 "$agent" inventory --root /nowhere
fails "an unknown subcommand" 2 "$agent" inventry
like "the nearest subcommand is told" "$("$agent" inventry 2>&1)" "did you mean 'inventory'"
fails "an unknown energy source" 2 "$agent" inventory --source pref
like "the nearest one is told" "$("$agent" inventory --source pref 2>&1)" "did you mean 'perf'"
like "each energy source is explained" "$(cat here.json)" \
	'"choices":\[\{"source":"powercap","state":"[a-z ]+".*\{"source":"perf","state":.*\{"source":"msr","state":"not tried","why":"only on request'
like "only what was asked for is tried" "$("$agent" inventory --source msr --format json)" \
	'"source":"perf","state":"not tried","why":"msr was asked for"'
like "and told as a table" "$("$agent" inventory --source msr)" '^sources +powercap: not tried: msr was asked for'
like "help lists the subcommands" "$("$agent" --help)" '^  placement '
fails "the agent without a coordinator" 2 "$agent" --state s
ok "doctor" "$agent" doctor
ok "doctor as JSON" "$agent" doctor --format json
like "a key is made at first need" "$("$agent" key --state "$PWD/state")" '^[^ ]{40}$'
is "and stays" "$("$agent" key --state "$PWD/state")" "$("$agent" key --state "$PWD/state")"
fails "key without --state" 2 "$agent" key

if ! command -v python3 >/dev/null; then
	skip "the values of this machine" "no python3 to read JSON"
	skip "captured machines" "no python3 to read JSON"
	done_testing
	exit
fi
is "threads of this machine" "$(field here.json threads)" "$(getconf _NPROCESSORS_ONLN)"
is "kernel of this machine" "$(field here.json kernel)" "\"$(uname -r)\""

file=$captures/linux/20em64t-hybrid-1p6c2t+2ca4co1t.tar.bz2
if [ -r "$file" ] && unpack "$file" raptor; then
	"$agent" inventory --root raptor --format json >raptor.json
	is "Raptor Lake: codename" "$(field raptor.json cpu/codename)" '"Raptor Lake"'
	is "Raptor Lake: model number" "$(field raptor.json cpu/model_number)" 186
	is "Raptor Lake: kinds" "$(field raptor.json cpu/kinds)" \
		'[{"kind":"performance","cpus":[0,1,2,3,4,5,6,7,8,9,10,11],"cores":6},{"kind":"efficiency","cpus":[12,13,14,15,16,17,18,19],"cores":8}]'
	is "Raptor Lake: cores, threads" "$(field raptor.json cores) $(field raptor.json threads)" "14 20"
	is "Raptor Lake: thread steps" "$(field raptor.json thread_steps)" "[1,2,4,8,14]"
	is "Raptor Lake: packages, NUMA" "$(field raptor.json cpu/packages) $(field raptor.json numa)" "1 1"
	is "Raptor Lake: L2" "$(field raptor.json caches | grep -o '{"level":2[^}]*}' | tr '\n' ' ')" \
		'{"level":2,"type":"unified","size":1310720,"count":6} {"level":2,"type":"unified","size":2097152,"count":2} '
	is "Raptor Lake: microcode, kernel" "$(field raptor.json cpu/microcode) $(field raptor.json kernel)" \
		'"0x4119" "6.1.0-13-amd64"'
	is "Raptor Lake: firmware" "$(field raptor.json firmware)" '{"vendor":"HP","version":"V70 Ver. 01.02.03","date":"09/13/2023"}'
	like "and in the table" "$("$agent" inventory --root raptor)" '^firmware +HP V70 Ver. 01.02.03, 09/13/2023$'
	is "JOULERIG_ROOT does the same" "$(JOULERIG_ROOT=raptor "$agent" inventory --format json)" "$(cat raptor.json)"
else
	skip "Raptor Lake" "the capture is not here"
fi
file=$captures/linux/32em64t-2n8c+dax+nvme+mic+dimms.tar.bz2
if [ -r "$file" ] && unpack "$file" snb; then
	"$agent" inventory --root snb --format json >snb.json
	is "Sandy Bridge-EP: codename" "$(field snb.json cpu/codename)" '"Sandy Bridge-EP"'
	is "Sandy Bridge-EP: packages, cores, threads, NUMA" \
		"$(field snb.json cpu/packages) $(field snb.json cores) $(field snb.json threads) $(field snb.json numa)" "2 16 16 2"
	is "Sandy Bridge-EP: governor" "$(field snb.json governor)" '"performance"'
	is "Sandy Bridge-EP: what is not there is null" "$(field snb.json kernel)" null
else
	skip "Sandy Bridge-EP" "the capture is not here"
fi
file=$captures/linux/fakecpuid1f-64intel64-2p4d2n2c2t.tar.bz2
if [ -r "$file" ] && unpack "$file" dies; then
	"$agent" inventory --root dies --format json >dies.json
	is "dies are counted over the machine" "$(field dies.json cpu/packages) $(field dies.json cpu/dies)" "4 8"
else
	skip "dies" "the capture is not here"
fi
n=0
# offline CPUs, NUMA nodes without CPUs, another architecture, a cpuset, a hybrid with one large core
for name in linux/offline-cpu0-node0 linux/16em64t-4s2c2t-offlines linux/nvidiagpunumanodes linux/fakeheterocpunuma \
	linux/32amd64-4s2n4c-cgroup2 x86+linux/5intel64-hybrid-lakefield; do
	file=$captures/$name.tar.bz2
	[ -r "$file" ] || continue
	rm -rf other && unpack "$file" other || continue
	root=other
	[ -d other/fsroot ] && root=other/fsroot
	n=$((n + 1))
	if "$agent" inventory --root $root --format json >other.json 2>other.err && field other.json fingerprint >/dev/null; then :; else
		fail "inventory of ${file##*/}"
		diag other.err
	fi
done
if [ $n -gt 0 ]; then pass "$n captured machines can be read"; else skip "all captures" "they are not here"; fi
done_testing
