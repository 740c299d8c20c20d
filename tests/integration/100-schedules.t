# The cores of the coordinator and of agents under random schedules of accidents (tests/schedules), and that the rules are really
# looked at: with one of them broken, as in tests/schedules/mutations, some schedule must fail. What must happen for that stands in
# its patch, after "with:": nothing else does then, so that new kinds of accidents change nothing here, and it is found soon.
. "$TOP/tests/lib.sh"

if is_sanitized; then
	ok '100 schedules' "$BUILD/tests/schedules" --count 100
	done_testing
	exit
fi
ok '1,000 schedules' "$BUILD/tests/schedules" --count 1000
trace() { "$BUILD/tests/schedules" --first 7 --trace 2>&1 | sed 's|/joulerig-schedules\.[^/]*||'; }
is 'a schedule follows from its seed' "$(trace)" "$(trace)"
for patch in "$TOP"/tests/schedules/mutations/*.patch; do
	name=$(basename "$patch" .patch)
	# shellcheck disable=SC2046 # words
	"$BUILD/mutations/$name" --count 10000 --stop $(sed -n 's/^with: //p' "$patch") >out 2>&1
	like "$name: is found, and its seed told" "$(cat out)" '^seed [0-9]+ failed'
done
done_testing
