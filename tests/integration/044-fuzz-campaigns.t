# The fuzzing target of the campaign's reader over every campaign of the tests and of configs/, and over each cut and bent.
. "$TOP/tests/lib.sh"
ok 'good campaigns' "$BUILD/fuzz/fuzz_campaign" "$TOP"/tests/campaigns/good/*.yaml "$TOP"/configs/*.yaml
ok 'bad campaigns' "$BUILD/fuzz/fuzz_campaign" "$TOP"/tests/campaigns/bad/*.yaml
mkdir bent
for f in "$TOP"/tests/campaigns/good/*.yaml "$TOP"/configs/*.yaml; do
	name=bent/$(basename "$f" .yaml) size=$(wc -c <"$f")
	for part in 1 2 3; do head -c $((size * part / 4)) "$f" >"$name-$part"; done
	sed 's/: \[/: {/' "$f" >"$name-brace"
	sed 's/{\([a-z]*\)}/{{\1}/' "$f" >"$name-template"
	tr '0' '9' <"$f" >"$name-numbers"
done
ok 'cut and bent ones do no harm' "$BUILD/fuzz/fuzz_campaign" bent/*
done_testing
