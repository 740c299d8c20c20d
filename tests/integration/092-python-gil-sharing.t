# Python threads that share an object and their twins; a planted data race; idle workers; the canary.
. "$TOP/tests/lib.sh"
command -v python3 >/dev/null || skip_all "there is no python3"
programs=$TOP/configs/python-gil/workloads
export PYTHONDONTWRITEBYTECODE=1
run() { program=$1; shift; python3 "$programs/$program" "$@"; }
contention() { run contention.py --operations 1000 "$@"; }

# What 1000 operations of each kernel leave, whoever did them.
cat >stored <<'EOT'
list_setitem 6c7016d19e668b95
list_read d3262abcf2509243
dict_read dea9d50926ae0dc8
dict_counter 5f56877c994ab6d5
attribute 404434eb2ebd0d73
attribute_read 57ec46e8f34507a9
lock 7ff5a18d783a1e70
queue 0ac960e0f84dff3e
cross_free 10b002236c323ecd
function_call 01eb44c777f1eb8f
method_call cf2c23f496dcbcb0
object_create b1923da2d1395bad
tuple_create 649d947a7e1cb510
list_create 0a74d3135b079fa6
dict_create 2bb09e26337b0e75
EOT
while read -r kernel checksum; do
	: >twins
	for twin in '2 private' '1 shared' '2 shared'; do
		contention --kernel "$kernel" --workers "${twin% *}" --sharing "${twin#* }" >>twins
	done
	is "$kernel: the same work and checksum alone, together, private and shared" \
		"$(jq -r '[.kernel, .work, .checksum, .lost] | join(" ")' twins | sort -u)" "$kernel 1000 $checksum 0"
	is "  and each says what it is" \
		"$(jq -r '[.threads, .sharing, .degree] | join(" ")' twins | tr '\n' ';')" \
		"2 private 1;1 shared 1;2 shared 2;"
done <stored
is "all kernels are tried" "$(cut -d ' ' -f 1 stored | sort)" \
	"$(cd "$programs" && python3 -c 'import contention_kernels as c; print(*c.KERNELS, sep="\n")' | sort)"

degree=$(contention --kernel queue --workers 4 --degree 2)
is "two of four can share: the checksum is the same" "$(jq -r '.checksum' <<<"$degree")" \
	"$(sed -n 's/^queue //p' stored)"
is "  and the line says so" "$(jq -r '[.sharing, .degree] | join(" ")' <<<"$degree")" 'shared 2'
is "degree 1 is private" "$(contention --kernel queue --workers 2 --degree 1 | jq -r .sharing)" private
is "each iteration counts" "$(contention --kernel lock --workers 2 --repeat 3 |
	jq -r '[.work, .checksum, (.iterations | length)] | join(" ")')" "3000 $(sed -n 's/^lock //p' stored) 3"
cat >objects.py <<'PYTHON'
import argparse, sys, types
import contention, contention_kernels, workload
for name, kind in contention_kernels.KERNELS.items():
    for degree in (1, 2) if name != "cross_free" else (1, 4):
        options = argparse.Namespace(repeat=1, workers=4, degree=degree, operations=100, hold=0, owner=None, racy=False,
                                     sharing="private" if degree == 1 else "shared")
        team = contention.Team(kind(options), options)
        team.run(workload.Result(options))
        states = [getattr(group.state, "__code__", group.state) for group in team.groups]
        print(name, degree, len(states), len({id(state) for state in states}))
PYTHON
is "every group has an object of its own" "$(PYTHONPATH=$programs python3 objects.py | awk '{print $2, $3, $4}' | sort | uniq -c |
	tr -s ' ' | tr '\n' ';')" " 15 1 4 4; 14 2 2 2; 1 4 1 1;"

# The first worker's places in a list, which are all that a private twin has, must be of the kind of everybody's: numbers up to
# 256 are objects that the interpreter has once for all, and quicker to use than others.
is "places in a list are numbers of one kind" "$(cd "$programs" && python3 -c '
import contention_kernels
class Seen(list):
    def __setitem__(self, place, value):
        places.append(place)
        list.__setitem__(self, place, value)
kernel, counts = contention_kernels.ListSetitem(None), [64] * 8
for worker in 0, 7:
    places = []
    state = Seen(kernel.make(counts))
    kernel.work(state, worker, 64)
    print(len(places), min(places) > 256)
' | paste -sd ' ')" '64 True 64 True'

held=$(contention --kernel lock --workers 2 --hold 100)
is "a lock can be held for a while: the same checksum" "$(jq -r .checksum <<<"$held")" "$(sed -n 's/^lock //p' stored)"
is "  shared, one after the other: at least as long as all of them" "$(jq '.seconds >= 0.1' <<<"$held")" true
for owner in blocked running; do
	is "texts of a main thread that is $owner" "$(contention --kernel cross_free --workers 2 --owner $owner | jq -r .checksum)" \
		"$(sed -n 's/^cross_free //p' stored)"
done

wrong() {
	fails "$1" 2 contention "${@:3}"
	like "  and the message says why" "$(contention "${@:3}" 2>&1)" "$2"
}
wrong "private and a degree of 2" 'sharing private is --degree 1' --kernel lock --workers 2 --sharing private --degree 2
wrong "groups that leave somebody over" 'must divide the 3 workers' --kernel lock --workers 3 --degree 2
wrong "more in a group than there are" 'must divide the 2 workers' --kernel lock --workers 2 --degree 4
wrong "a race where none can be planted" '--racy is for --kernel dict_counter' --kernel lock --racy
wrong "a hold where there is no lock" '--hold is for --kernel lock' --kernel queue --hold 1
wrong "a time that is none" '-1 is not between' --kernel lock --hold -1
wrong "an owner where there is none" '--owner is for --kernel cross_free' --kernel queue --owner running
wrong "fewer operations than workers" 'each needs one' --kernel queue --workers 1001

# The race: at least one count is lost for every worker but one, whatever the interpreter and its luck.
for workers in 2 3; do
	is "$workers workers without a lock lose counts" "$(contention --kernel dict_counter --workers $workers --racy |
		jq ".lost >= $workers - 1 and .checksum != \"$(sed -n 's/^dict_counter //p' stored)\"")" true
done
is "even where each has one operation" "$(contention --kernel dict_counter --workers 4 --racy --operations 4 | jq .lost)" 3
is "nothing is lost of what is not shared" "$(contention --kernel dict_counter --workers 2 --racy --sharing private |
	jq -r '[.lost, .checksum] | join(" ")')" "0 $(sed -n 's/^dict_counter //p' stored)"

mkdir -p campaign && cp -R "$programs" campaign
cat >campaign/race.yaml <<YAML
campaign: race
files: [workloads]
matrix: {sharing: [private, shared]}
defaults:
  command: [python3, -B, workloads/contention.py, --kernel, dict_counter, --workers, "2", --operations, "1000", --sharing, "{sharing}"]
  metrics: {items: {json: work}}
benchmarks:
  safe: {metrics: {lost: {json: lost, expect: {value: 0}}, checksum: {json: checksum, expect: same}}}
  lost:
    command: [python3, -B, workloads/contention.py, --kernel, dict_counter, --workers, "2", --operations, "1000", --sharing, "{sharing}", --racy]
    metrics: {lost: {json: lost, expect: {value: 0}}}
  checksum:
    command: [python3, -B, workloads/contention.py, --kernel, dict_counter, --workers, "2", --operations, "1000", --sharing, "{sharing}", --racy]
    metrics: {checksum: {json: checksum, expect: {value: $(sed -n 's/^dict_counter //p' stored)}}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 2}
YAML
fails "a campaign with a race in it fails" 1 joulerig run campaign/race.yaml --db s.db
joulerig export race.1 --db s.db >race.ndjson
is "the racy runs have failed, and they alone" \
	"$(jq -r '[.benchmark, .parameters.sharing, .state] | join(" ")' race.ndjson | sort | uniq -c | tr -s ' ' | tr '\n' ';')" \
	" 2 checksum private done; 2 checksum shared failed; 2 lost private done; 2 lost shared failed; 2 safe private done; 2 safe shared done;"
joulerig runs race.1 --db s.db --failed --format csv >failed.csv
like "the reason names what is missing" "$(cat failed.csv)" "lost is '[1-9][0-9]*', expected '0'"
like "and the answer that is wrong" "$(cat failed.csv)" "checksum is '[0-9a-f]{16}', expected '$(sed -n 's/^dict_counter //p' stored)'"

# Idle workers.
: >base
run base.py --mode sequential >>base
run base.py --mode threads --workers 2 >>base
run base.py --mode processes --workers 2 >>base
run base.py --mode processes --start spawn --workers 2 --repeat 2 >>base
run base.py --mode processes --workers 2 --objects 200000 >touched
is "idle workers of every mode: the same checksum" "$(jq -r .checksum base | sort -u | wc -l)" 1
is "work does not depend on the workers" "$(jq -r .work base | tr '\n' ' ')" '1 1 1 2 '
is "without workers nothing for each" "$(head -n 1 base | jq -c '[.rss_per_worker, .pss_per_worker, .vms_per_worker]')" '[null,null,null]'
is "a thread takes less than a process" "$(jq -s '.[1].rss_per_worker < .[2].rss_per_worker' base)" true
if [ "$(jq -s 'all(.[]; .pss_alone != null)' base)" = true ]; then
	is "a forked process shares memory with its parent" "$(jq -s '.[2].pss_per_worker < .[3].pss_per_worker' base)" true
	is "until it reads the objects" "$(jq -s '.[2].pss_per_worker + 4000000 < .[4].pss_per_worker' base touched)" true
else
	skip "memory that is shared" "proportional memory cannot be read here"
fi
fails "sequential workers are a wrong option" 2 run base.py --mode sequential --workers 2
is "texts are read by threads as by forked and spawned processes" "$(for how in threads processes 'processes --start spawn'; do
	run base.py --workers 2 --objects 10 --mode $how | jq -r .checksum; done | uniq -c | awk '{print $1}')" 3

# NumPy's answer is what plain integers give.
with_numpy=python3
"$with_numpy" -c 'import numpy' 2>/dev/null || with_numpy=/usr/bin/python3
if "$with_numpy" -c 'import numpy' 2>/dev/null; then
	is "a pool of threads that call NumPy" "$(for how in '--workers 1' '--workers 2' '--workers 2 --mode processes' '--mode sequential'; do
		"$with_numpy" "$programs/numpy_threads.py" --length 50 --tasks 3 $how | jq -r '[.work, .checksum] | join(" ")'; done | sort -u)" \
		"150 $(PYTHONPATH=$programs python3 -c '
import workload
def mixed(value):
    for _ in range(20):
        value = (value * 6364136223846793005 + 1442695040888963407) % 2**64
        value ^= value >> 33
    return value
print(workload.digest(sum(map(mixed, range(part * 50, part * 50 + 50))) % 2**64 for part in range(3)))')"
else
	fails "without NumPy there is nothing to do" 1 run numpy_threads.py
	like "  and the message says so" "$(run numpy_threads.py 2>&1)" 'numpy'
fi

# The canary is built as a campaign's setup does it.
ok "the canary is built" cc -O2 -Wall -Wextra -Werror -o spin "$programs/spin.c"
is "its answer is that of its recurrence" "$(./spin --work 1000 | jq -r '[.workload, .work, .checksum] | join(" ")')" \
	"spin 1000 $(python3 -c '
x = 88172645463325252
for _ in range(1000):
    x ^= x << 13 & 2**64 - 1
    x ^= x >> 7
    x ^= x << 17 & 2**64 - 1
print(f"{x:016x}")')"
fails "work that is no number" 2 ./spin --work many
fails "work that is none" 2 ./spin --work 0
done_testing
