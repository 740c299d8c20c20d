# Coverage, error rates and power of the statistics, by a short simulation; `make soak` does the long one.
. "$TOP/tests/lib.sh"
simulation=$BUILD/tests/simulation
trials=400
case $BUILD in */asan | */tsan) trials=100 ;; esac

ok 'intervals cover, verdicts keep their level, power is as said' "$simulation" --trials $trials
"$simulation" --trials 100 designs >once 2>why
is 'the same seed, the same tables' "$("$simulation" --trials 100 designs 2>/dev/null | md5sum)" "$(md5sum <once)"
fails 'no such part' 2 "$simulation" coverage
# The tables in the documentation are those of this program.
"$simulation" --trials 100 2>/dev/null | grep -E '^###|^\|---|:$' >shape
is 'docs/statistics.md has all tables' \
	"$(sed -n '/^<!-- simulated -->/,/^<!-- end/p' "$TOP/docs/statistics.md" | grep -E '^###|^\|---|:$' | diff - shape)" ''
done_testing
