# The ready-made campaigns: each is good, says what it is for, has a plan, and runs where its programs are.
. "$TOP/tests/lib.sh"

for file in "$TOP"/configs/*.yaml; do
	name=$(basename "$file" .yaml)
	ok "$name is good" joulerig check "$file"
	is "$name: without a warning" "$(joulerig check "$file" 2>&1 >/dev/null)" ''
	is "$name: is called so" "$(sed -n 's/^campaign: //p' "$file")" "$name"
	like "$name: begins with its question" "$(sed '/^campaign:/,$d' "$file")" '\?$'
	unlike "$name: lines keep to the page" "$(awk 'length > 130' "$file")" .
	# Here, or this is no machine for it, and that is said.
	if joulerig plan "$file" >plan 2>why; then
		like "$name: has a plan" "$(cat plan)" '^runs '
	else
		like "$name: says why it has no plan here" "$(cat why)" '^[^ ]+: where: .* false here|there is nothing to run'
	fi
done

# On captured machines all of them have plans: a hybrid with SMT, and two packages.
captures=${JOULERIG_FIXTURES:-$TOP/../shared/fixtures}/hwloc/linux
for capture in 20em64t-hybrid-1p6c2t+2ca4co1t 32em64t-2n8c+dax+nvme+mic+dimms; do
	mkdir "$capture"
	if ! tar -xjf "$captures/$capture.tar.bz2" -C "$capture" --strip-components=1 2>/dev/null; then
		skip "plans on $capture" "the capture is not here"
		continue
	fi
	for file in "$TOP"/configs/*.yaml; do
		name=$(basename "$file" .yaml)
		case $capture:$name in 32em*:smt | 32em*:p-e-cores) continue ;; esac # neither has it
		ok "$name has a plan on $capture" joulerig plan "$file" --root "$capture"
	done
done

# One short run of each that needs a program of others, where that is here; skipped with the reason where not.
try() { # NAME PROGRAM OPTION...
	local name=$1 program=$2
	shift 2
	if ! command -v "$program" >/dev/null; then
		joulerig run "$TOP/configs/$name.yaml" --db "$name.db" --quiet --blocks 1 "$@" >out 2>&1
		like "$name: without $program it is skipped, and says so" "$(cat out)" "skipped .*$program"
		return
	fi
	ok "$name runs" joulerig run "$TOP/configs/$name.yaml" --db "$name.db" --quiet --blocks 1 "$@"
	joulerig export "$name" --db "$name.db" --what runs --format ndjson >runs
	is "$name: all runs are done" "$(jq -r .state runs | sort -u)" done
	is "$name: its figures were found" "$(jq -r '[.metrics | to_entries[] | select(.key == "throughput" or .key == "rate" or .key == "speed" or .key == "sign") | .value > 0] | (length > 0 and all)' runs | sort -u)" true
}
try openssl-speed openssl --set processes=1 --set seconds=1 --set algorithm=aes-128-gcm --set bits=2048
try sysbench sysbench --set threads=1
try stress-ng stress-ng --set instances=1 --set stressor=matrix
try likwid-bench likwid-bench --set threads=1 --set kernel=load
try compact-scatter make --set threads=2
try bandwidth-energy make --set threads=1
done_testing
