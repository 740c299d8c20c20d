# Every statistic against SciPy's and R's: their stored values everywhere, and where they are installed new ones, too.
. "$TOP/tests/lib.sh"
vectors=$TOP/tests/vectors/statistics.json
reference=$TOP/tests/tools/statistics-reference

# differences SETS GOT: what a statistic differs by more than its tolerance (1e-8 of it where nothing else is said)
differences() {
	jq -r --slurpfile got "$2" '
		def far($tolerance; $b): ((. == null) != ($b == null)) or
			(. != null and ((. - $b) | fabs) > $tolerance * ([($b | fabs), 1e-290] | max));
		($got[0] | map({(.name): .}) | add) as $got
		| .sets[] | . as $set | .want | to_entries[] | .key as $key | .value as $want
		| $got[$set.name][$key] as $ours | ($set.tolerance[$key] // 1e-8) as $tolerance
		| select(if ($want | type) == "array"
			then ($want | length) != ($ours | length) or ([range($want | length) as $i | $ours[$i] | far($tolerance; $want[$i])] | any)
			else ($ours | far($tolerance; $want)) end)
		| "\($set.name): \($key): \($ours), \($want) was wanted"' "$1"
}
kinds() { jq -r '[.sets[] | select(.want[$key] != null) | .kind] | unique | join(" ")' --arg key "$1" "$2"; }

"$BUILD/tests/statistics" <"$vectors" >ours
is 'all stored values are ours' "$(differences "$vectors" ours)" ''
ok 'of many sets' jq -e '.sets | length > 100' "$vectors"
is 'tests have their p' "$(kinds p "$vectors")" 'drift heterogeneity pair_ranks pairs sample_ranks samples'
is 'intervals are of each kind' "$(kinds low "$vectors")" 'line pair_ranks pairs pooled sample_ranks samples summary'
is 'families are adjusted' "$(kinds adjusted "$vectors")" family
is 'a value that is off is found' "$(jq '.sets |= map(if .want.p > 0 then .want.p *= 1.0000001 else . end)' "$vectors" >off
	differences off ours | wc -l)" "$(jq '[.sets[] | select(.want.p > 0)] | length' "$vectors")"

"$reference" sets >sets 2>why # numpy's numbers may be others one day: the stored sets stand
status=$?
if [ $status = 3 ]; then
	skip 'SciPy gives the stored values' "$(cat why)"
	skip 'and what we give for other data' "$(cat why)"
elif [ $status != 0 ]; then
	fail 'the reference runs'; diag why
else
	"$reference" want <"$vectors" >again || fail 'the reference runs'
	jq '[.sets[] | .want + {name}]' again >again.want
	# Without R its keys are not there: they are not compared.
	jq --slurpfile again again.want '($again[0] | map({(.name): keys}) | add) as $keys
		| .sets |= map(.name as $name | .want |= with_entries(select([.key] | inside($keys[$name]))))' "$vectors" >stored
	is 'SciPy gives the stored values' "$(differences stored again.want)" ''
	"$reference" random 1 | "$reference" want >fresh
	"$BUILD/tests/statistics" <fresh >ours
	is "and what we give for other data ($(jq -r .by fresh))" "$(differences fresh ours)" ''
	if command -v Rscript >/dev/null; then
		is 'R adjusts families and gives intervals of ranks' "$(kinds adjusted fresh) $(kinds low fresh)" \
			'family line pair_ranks pairs sample_ranks samples summary'
	else
		skip 'R adjusts families and gives intervals of ranks' 'there is no Rscript'
	fi
fi
done_testing
