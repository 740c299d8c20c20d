# The fuzzing target of the decoder over the golden vectors, and over each of them cut and bent.
. "$TOP/tests/lib.sh"
ok "every golden vector" "$BUILD/fuzz/fuzz_message" "$TOP"/tests/vectors/*.hex
mkdir bent
for f in "$TOP"/tests/vectors/*.hex; do
	tr -d ' \n' <"$f" >whole
	size=$(wc -c <whole)
	for cut in 2 10 $((size / 4 * 2)) $((size - 2)); do head -c "$cut" whole >"bent/$(basename "$f" .hex)-$cut.hex"; done
	sed 's/a[0-9a-f]/df/' whole >"bent/$(basename "$f" .hex)-map.hex"
done
ok "cut and bent ones do no harm" "$BUILD/fuzz/fuzz_message" bent/*.hex
done_testing
