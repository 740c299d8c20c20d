# The Python workloads: each ends with one complete line, and finds the same answer with any number of workers, in any
# mode, with and without the GIL; and a workload that is broken says so.
. "$TOP/tests/lib.sh"

export PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0 OPENBLAS_NUM_THREADS=1
programs=$TOP/configs/python-gil/workloads
python=/usr/bin/python3 # Debian's, with its NumPy
if "$TOP/configs/python-gil/find-python" nogil any >found 2>&1; then nogil=$PWD/python/nogil/any; else nogil=; fi
has_interpreters() { "$1" -c 'import concurrent.futures as c; c.InterpreterPoolExecutor' 2>/dev/null; }

# name, options, units of work and checksum: the answers must be these on any machine
cat >small <<'END'
numpy_vectorized --length 5000 5000 6b5ebb747b4aa021
numpy_blas --size 100 1000000 013fa6bbe07dad21
numpy_fft --length 4096 4096 56af8140a343ffe3
mandelbrot --size 60 3600 9df9cfbea2355abd
bubble_sort --items 200 19900 1f5184e12f126034
prime_sieve --limit 10000 10000 d5581d44c4b56648
factorial --tasks 100 100 0fff23923bb95b38
matmul --size 40 64000 96ea8ab9c9a7f7ec
nbody --particles 50 25000 4f96c9470f4fd9b3
json_parse --records 500 500 7541e41d893317ab
object_lists_nocopy --strings 5000 5000 c0e96d78ed465830
object_lists_copy --strings 5000 5000 c0e96d78ed465830
object_lists --objects 5000 5000 cb4abf625c60acca
END

# What a line must be: every key, of its type, and numbers that fit together.
complete='
def amount: type == "number" and . > 0 and . == floor;
([.gil_at_start, .gil_at_end, .gil_enabled] | all(type == "boolean")) and .gil_enabled == (.gil_at_start or .gil_at_end)
and (.build | test("^CPython 3\\.[0-9]+\\.[0-9a-z+]+ (gil|free-threaded)$"))
and (.iterations | all(. > 0)) and (.seconds - (.iterations | add) | fabs) < 1e-9
and (.rss | amount) and (.vms | amount) and (.pss == null or (.pss | amount)) and .vms > .rss
and has("pss") and has("ipc_bytes") and (.ipc_bytes == null or .mode == "processes")'

# answer PYTHON NAME ARGUMENT...: what its line says: work, checksum, mode, workers, iterations, GIL
answer() {
	local interpreter=$1 name=$2
	shift 2
	"$interpreter" "$programs/$name.py" "$@" >line || return
	[ "$(wc -l <line)" = 1 ] || { echo "not one line"; return; }
	jq -r --arg name "$name" "if .workload != \$name or (($complete) | not) then \"incomplete: \\(.)\"
		else \"\\(.work) \\(.checksum) \\(.mode) \\(.threads) \\(.iterations | length) \\(.gil_enabled)\" end" line
}

modes_of() {
	case $1 in
	object_lists_nocopy) echo threads sequential ;;
	mandelbrot | factorial | matmul | nbody | json_parse | object_lists*) echo threads sequential processes ;;
	esac
}

# every_way PYTHON GIL NAME OPTION VALUE WORK CHECKSUM: all modes and numbers of workers
every_way() {
	local interpreter=$1 gil=$2 name=$3 option=$4 value=$5 work=$6 checksum=$7 n mode
	if [ -z "$(modes_of "$name")" ]; then
		answer "$interpreter" "$name" "$option" "$value"
		answer "$interpreter" "$name" "$option" "$value" --repeat 2
		printf '%s\n' "$work $checksum sequential 1 1 $gil" "$((2 * work)) $checksum sequential 1 2 $gil" >want
		return
	fi
	: >want
	for n in 1 2 3; do
		answer "$interpreter" "$name" "$option" "$value" --workers "$n" --mode threads
		echo "$work $checksum threads $n 1 $gil" >>want
	done
	answer "$interpreter" "$name" "$option" "$value" --workers 3 --mode sequential --repeat 2
	echo "$((2 * work)) $checksum sequential 1 2 $gil" >>want
	case $(modes_of "$name") in *processes*) ;; *) return ;; esac
	answer "$interpreter" "$name" "$option" "$value" --workers 2 --mode processes
	echo "$work $checksum processes 2 1 $gil" >>want
	has_interpreters "$interpreter" || return 0
	answer "$interpreter" "$name" "$option" "$value" --workers 2 --mode interpreters
	echo "$work $checksum interpreters 2 1 $gil" >>want
}

same() {
	local title=$1
	shift
	every_way "$@" >got
	is "$title" "$(cat got)" "$(cat want)"
}

while read -r name option value work checksum; do
	same "$name: the same answer in every way" "$python" true "$name" "$option" "$value" "$work" "$checksum"
	for gil in 0 1; do
		title="$name: and free-threaded, PYTHON_GIL=$gil"
		on=true && [ $gil = 0 ] && on=false
		if [ -z "$nogil" ]; then
			skip "$title" "no free-threaded interpreter here"
		elif [ "${name#numpy}" != "$name" ] && ! "$nogil" -c 'import numpy' 2>/dev/null; then
			skip "$title" "no NumPy for the free-threaded interpreter here"
		else
			export PYTHON_GIL=$gil
			same "$title" "$nogil" $on "$name" "$option" "$value" "$work" "$checksum"
			unset PYTHON_GIL
		fi
	done
	fails "$name: a wrong option" 2 "$python" "$programs/$name.py" --sise 3
	like "$name: is told of, with the right ones" "$("$python" "$programs/$name.py" --sise 3 2>&1)" "^usage: $name.py .*--repeat"
	fails "$name: a size of nothing" 2 "$python" "$programs/$name.py" "$option" 0
	like "$name: --help says what it measures" "$("$python" "$programs/$name.py" --help)" '^(.* )?[Mm]easures |private data'
done <small

# ---- processes, interpreters, pools ----

is "processes may be spawned" "$(answer "$python" matmul --size 40 --workers 2 --mode processes --start spawn)" \
	"64000 96ea8ab9c9a7f7ec processes 2 1 true"
is "one pool does for all steps" "$(answer "$python" nbody --particles 50 --workers 2 --pool once)" \
	"25000 4f96c9470f4fd9b3 threads 2 1 true"
is "more workers than work" "$(answer "$python" matmul --size 2 --workers 5 | cut -d' ' -f3-)" "threads 5 1 true"
if [ -r /proc/self/io ]; then
	answer "$python" json_parse --records 2000 --workers 2 --mode processes >/dev/null
	size=$("$python" -c "import sys; sys.path.insert(0, '$programs'); import json_parse
print(sum(len(json_parse.payload(i)) for i in range(2000)))")
	ok "what goes to processes is counted" jq -e ".ipc_bytes >= $size and .ipc_bytes < 1.1 * $size + 20000" line
else
	skip "what goes to processes is counted" "this kernel does not count what processes write"
fi
answer "$python" factorial --tasks 100 >/dev/null
alone=$(jq .rss line)
answer "$python" factorial --tasks 100 --workers 3 --mode processes >/dev/null
ok "the children's memory is in the sum" jq -e ".rss > 2 * $alone" line
ok "what they share is counted once" jq -e '.pss == null or .pss < .rss' line
if has_interpreters "$python"; then
	skip "without sub-interpreters" "this interpreter has them"
else
	fails "without sub-interpreters" 1 "$python" "$programs/matmul.py" --size 2 --mode interpreters
	like "the version is named that has them" "$("$python" "$programs/matmul.py" --size 2 --mode interpreters 2>&1)" \
		'^matmul: mode interpreters needs CPython 3\.14 or newer; this is CPython 3'
fi

# ---- what is wrong is found ----

# broken NAME OPTION VALUE SED MESSAGE: a copy of the program with a fault in it ends with 1 and a line that says which
broken() {
	local name=$1 option=$2 value=$3 change=$4 message=$5
	sed "$change" "$programs/$name.py" >"faulty/$name.py"
	ok "$name: a fault is planted" sh -c '! cmp -s "$1" "$2"' sh "$programs/$name.py" "faulty/$name.py"
	fails "$name: and found" 1 "$python" "faulty/$name.py" "$option" "$value"
	"$python" "faulty/$name.py" "$option" "$value" >line 2>&1
	like "$name: by its name" "$(cat line)" "^$name: $message$"
	is "$name: in one line" "$(wc -l <line)" 1
	cp "$programs/$name.py" faulty/
}
cp -r "$programs" faulty
broken mandelbrot --size 30 's/in range(options.size)\])$/in range(1, options.size)])/' 'points of the picture are missing'
broken mandelbrot --size 30 's/count += 1$/count += 1 + (number == 9)/' 'rows 9 and 21 differ'
broken bubble_sort --items 30 's/len(items) - 1, 0, -1/len(items) - 2, 0, -1/' 'the list is not in order'
broken prime_sieve --limit 1000 's/range(number \* number,/range(number * number + number,/' '179 primes up to 1000, not 168'
broken factorial --tasks 9 's/^\( *\)before = 1$/\1before = 1; factorials[7] += 1/' '7! is wrong'
broken matmul --size 30 's/made.append(total)/made.append(total + (j == 3))/' 'the product is wrong: .*'
broken nbody --particles 20 's/ax += pull \* dx/ax += pull * dx * (j != 7)/' 'the momentum has changed'
broken json_parse --records 30 's/for text in texts:/for text in texts[1:]:/' 'texts are missing: 29 of 30 were parsed'
broken json_parse --records 30 's/json.dumps(record)$/json.dumps(record, indent=1)/' '30 texts did not come out as they went in'
broken object_lists_nocopy --strings 30 's/range(first, end)/range(first, end - 1)/' 'some strings were left as they were'
broken object_lists_copy --strings 30 's/range(first, end)/range(first, end - 1)/' '29 strings, not 30'
broken object_lists --objects 30 's/seen.add/seen.discard/' \
	'objects, copies and sums are \[38, 0, 547, 547, 23\], not \[38, 8, 547, 547, 23\]'
broken numpy_vectorized --length 5000 's/a \* 0.5/a * 0.75/' 'the sum is .*, not 1910\.1465.*'
broken numpy_blas --size 30 's/total = c.sum()/c[3, 4] += 1; total = c.sum()/' 'the product is wrong: .*'
broken numpy_fft --length 64 's/sizes = numpy.abs(spectrum)/spectrum[16] += 1; sizes = numpy.abs(spectrum)/' 'frequency 16/64 is .*'

# An answer that changes from one iteration to the next.
sed 's/^    return workload.digest(items)/    return workload.digest([id(result) + len(result.iterations)])/' \
	"$programs/bubble_sort.py" >faulty/bubble_sort.py
like "iterations must agree" "$("$python" faulty/bubble_sort.py --items 9 --repeat 2 2>&1)" \
	'^bubble_sort: iterations have different answers: checksums [0-9a-f]{16}, [0-9a-f]{16}$'
mkdir nowhere
echo "raise ImportError('not here')" >nowhere/numpy.py
fails "without NumPy" 1 env PYTHONPATH=nowhere "$python" "$programs/numpy_fft.py" --length 4
like "the line says so" "$(PYTHONPATH=nowhere "$python" "$programs/numpy_fft.py" --length 4 2>&1)" \
	'^numpy_fft: needs the module numpy for /usr/bin/python3 '
done_testing
