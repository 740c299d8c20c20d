# The cores of the coordinator and of agents under random schedules of accidents (tests/schedules), and that the rules are really
# looked at: with one of them broken, as in tests/schedules/mutations, some schedule must fail. Which one did when the mutation was
# written stands in its patch; where that has changed, others are tried.
. "$TOP/tests/lib.sh"

ok '1,000 schedules' "$BUILD/tests/schedules" --count 1000
trace() { "$BUILD/tests/schedules" --first 7 --trace 2>&1 | sed 's|/joulerig-schedules\.[^/]*||'; }
is 'a schedule follows from its seed' "$(trace)" "$(trace)"
for patch in "$TOP"/tests/schedules/mutations/*.patch; do
	name=$(basename "$patch" .patch)
	"$BUILD/mutations/$name" --first "$(sed -n 's/^seed: //p' "$patch")" >out 2>&1
	grep -q failed out || "$BUILD/mutations/$name" --count 10000 --stop >out 2>&1
	like "$name: is found, and its seed told" "$(cat out)" '^seed [0-9]+ failed'
done
done_testing
