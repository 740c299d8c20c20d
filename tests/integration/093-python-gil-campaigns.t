# The campaigns on Python's GIL: all are good, the paper's points are the paper's, and the smoke test runs with one interpreter.
. "$TOP/tests/lib.sh"
dir=$TOP/configs/python-gil

for file in "$dir"/*.yaml; do
	name=$(basename "$file" .yaml)
	joulerig check "$file" >out 2>why
	is "$name is good" "$?" 0
	case $name in
	smoke) unlike "smoke: with no warning but of its few blocks" "$(grep -v 'warning: 3 blocks' why)" . ;;
	*) is "$name: without a warning" "$(cat why)" '' ;;
	esac
	expected=python-gil-$name
	[ "$name" != python-gil ] || expected=python-gil
	is "$name: is called so" "$(sed -n 's/^campaign: //p' "$file")" "$expected"
	like "$name: begins with its question" "$(sed '/^campaign:/,$d' "$file")" '\?$'
	unlike "$name: lines keep to the page" "$(awk 'length > 130' "$file")" .
	like "$name: has a plan" "$(joulerig plan "$file" 2>&1)" '^runs '
done
is "there are nine" "$(ls "$dir"/*.yaml | wc -l)" 9

# The 84 points, three arms each: nothing more, nothing less.
points() { # FILE: a line for each configuration of the plan, BENCHMARK PARAMETERS
	joulerig plan "$1" --all 2>/dev/null | awk '/python=/ { out = $1; for (i = 2; i <= NF; i++) if ($i ~ /=/) out = out " " $i; print out }'
}
values() { # BENCHMARK AXIS: what it takes with the GIL, in order, in one line
	sed -n "s/^$1 python=gil\( .*\)* $2=\([0-9]*\).*/\2/p" points | sort -un | paste -sd ' '
}
points "$dir/paper.yaml" >points
is "the paper: 84 points of three arms" "$(wc -l <points)" 252
for arm in gil nogil nogil+gil; do
	is "84 with $arm" "$(grep -cF " python=$arm " points)" 84
done
is "13 programs" "$(cut -d ' ' -f 1 points | sort -u | wc -l)" 13
M=000000
while read -r name axis expected; do
	is "$name: the paper's $axis" "$(values "$name" "$axis")" "$expected"
done <<EOF
numpy_vectorized size 150$M 170$M 190$M 210$M 230$M 250$M 275$M
numpy_blas size 6000 7500 9000 10500 12000 13500 15000
numpy_fft size 50$M 75$M 100$M 125$M 150$M 175$M 200$M
mandelbrot size 500 1000 1500 2000 2500 3000 3500
bubble_sort size 5000 8000 11000 14000 17000 21000 25000
prime_sieve size 16$M 20$M 24$M 28$M 32$M 36$M 40$M
factorial size 10001
matmul size 768
nbody size 2000
json_parse size 2$M
object_lists_nocopy size 55$M
object_lists_copy size 55$M
object_lists size 8$M
factorial workers 1 2 4 6 8 12
matmul workers 1 2 4 6 8 12
nbody workers 1 2 4 6 8 12
json_parse workers 1 2 4 6 8 12
object_lists_nocopy workers 1 2 4 6 8 12
object_lists_copy workers 1 2 4 6 8 12
object_lists workers 1 2 4 6 8 12
EOF
unlike "nothing is pinned, no clock is set" "$(grep -E '^ *(placement|tune|cpus):' "$dir/paper.yaml")" .

# The whole study has those points, too, and the smoke test is the same in small.
points "$dir/python-gil.yaml" >whole
is "the whole study has the paper's points" "$(sort points | comm -23 - <(sort whole))" ''
report_of() { sed -n '/^report:/,$p' "$1"; }
ok "it has a report" test -n "$(report_of "$dir/python-gil.yaml")"
is "the smoke test has the same report" "$(report_of "$dir/smoke.yaml" | sha256sum)" "$(report_of "$dir/python-gil.yaml" | sha256sum)"
benchmarks_of() { sed -n '/^benchmarks:/,/^measure:/s/^  \([a-z_]*\):.*/\1/p' "$1"; }
is "and the same benchmarks" "$(benchmarks_of "$dir/smoke.yaml")" "$(benchmarks_of "$dir/python-gil.yaml")"
for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
	like "claim C$n is there" "$(report_of "$dir/python-gil.yaml")" "name: C$n,"
done
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do
	like "figure F$n is there" "$(report_of "$dir/python-gil.yaml")" "name: F$n,"
	like "and its explanation" "$(report_of "$dir/python-gil.yaml")" "^ +\| F$n \|"
done

# A host without the memory says what is missing.
is "little memory is there" "$("$dir/has-memory" 0.001 2>&1)" ''
"$dir/has-memory" 1000000 >out 2>&1
is "a petabyte is not" "$?" 1
like "and it says so" "$(tail -n 1 out)" '^needs 1000000 GiB within 60 % of the memory; this host has [0-9.]+ GiB$'

# What an instruction set is told by: nothing for all of it, as OpenBLAS falls back to its oldest kernels for an empty name.
mkdir -p isa/workloads && cp "$dir"/find-python "$dir"/has-memory isa
sed -e 's/^requires:.*/requires: ~/' -e 's|command: .*|command: [workloads/told]|' -e 's/^measure:.*/measure: {energy: off}/' \
	-e '/^guard:/d; s/warmup: 1/warmup: 0/; s/, max: 30, until: {[^}]*}//' "$dir/isa.yaml" >isa/isa.yaml
cat >isa/workloads/told <<'END'
#!/bin/sh
for name in NPY_DISABLE_CPU_FEATURES OPENBLAS_CORETYPE; do
	if value=$(printenv "$name"); then echo "$name=<$value>" >&2; else echo "$name unset" >&2; fi
done
echo '{"work": 1, "checksum": "0", "gil_enabled": true, "seconds": 1, "rss": 1, "pss": 1, "vms": 1}'
END
chmod +x isa/workloads/told
joulerig run isa/isa.yaml --db isa.db --quiet --blocks 1 --set python=gil --only 'benchmark == "numpy_fft" and blas == "one"' >out 2>&1
told() { # ISA: what a run of it was told
	local run
	run=$(joulerig export python-gil-isa --db isa.db --what runs --format ndjson | jq -r "select(.parameters.isa == \"$1\") | .run")
	cat "outputs/$run"/*err* | paste -sd ' '
}
joulerig export python-gil-isa --db isa.db --what output --to outputs >/dev/null 2>&1
is "all instructions: neither library is told anything" "$(told full)" 'NPY_DISABLE_CPU_FEATURES unset OPENBLAS_CORETYPE unset'
like "without AVX-512: both are" "$(told no_avx512)" '^NPY_DISABLE_CPU_FEATURES=<AVX512F .* X86_V4> OPENBLAS_CORETYPE=<Haswell>$'
like "without AVX2: both are" "$(told no_avx2)" '^NPY_DISABLE_CPU_FEATURES=<AVX512F .* AVX2 FMA3 X86_V3> OPENBLAS_CORETYPE=<Nehalem>$'

# A tiny one with whatever interpreter is here.
cp -R "$dir" here
(cd here && ./find-python gil any >../found 2>&1) || {
	skip "the smoke test runs" "no CPython here: $(tail -n 1 found)"
	done_testing
	exit
}
joulerig run here/smoke.yaml --db t.db --quiet --blocks 1 --set size=300 \
	--only 'one_of(benchmark, "mandelbrot", "prime_sieve", "again")' >out 2>&1
is "a tiny smoke test runs" "$?" 0
joulerig export python-gil-smoke --db t.db --what runs --format ndjson >runs
is "with the GIL every run is done" "$(jq -r 'select(.parameters.python == "gil" or .parameters.python == "gil-again") | .state' runs | sort -u)" done
is "none has failed" "$(jq -r .state runs | grep -vcE '^(done|skipped)$')" 0
is "A/A runs are there under both names" "$(jq -r 'select(.benchmark == "again") | .parameters.python' runs | sort -u | paste -sd ' ')" 'gil gil-again'
(cd here && ./find-python nogil any >../found 2>&1) ||
	like "the arm that is not here is skipped, and says why" "$(cat out)" '^skipped .*: requires: no free-threaded'
ok "its report" joulerig report python-gil-smoke --db t.db -o page.html
like "has the claims" "$(cat page.html)" 'id="claims"'
like "each of them" "$(grep -c 'C1[0-2]:' page.html)" '^[3-9]'
like "figures are called by their names" "$(cat page.html)" '<h3>F13: '
like "what the discussion asked" "$(cat page.html)" 'What the discussion of the paper asked'
done_testing
