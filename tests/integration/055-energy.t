# The energy of a run against a truth that is known to the last counter unit.
. "$TOP/tests/lib.sh"

. "$TOP/tests/meter.sh"
trap 'unmount_meters; rm -f "$tap_log"' EXIT

# 300 J short of the wrap: 50 W reach it within 6 s, the time that the runs of a campaign take.
mount_meter m --zone name=package-0,power=50W,range=262143328850,start=261843328850 || skip_all "no FUSE here: $(tail -n 1 m.log)"

cat >e.yaml <<'YAML'
campaign: energy
benchmarks: {sleep: {command: [sleep, "2"]}}
measure: {energy: require}
repeat: {warmup: 0, blocks: 3}
YAML
# What a machine holds up widens the bounds, leaves samples out, and in the end there is no energy of such a run, which it says:
# then once more. The truth is within the bounds of all of them; the best of the runs shows what the meter allows.
runs=0
: >all
: >samples
campaign() {
	runs=$((runs + 1))
	joulerig run e.yaml --db e.db --root m --quiet
	local status=$?
	joulerig export energy.$runs --db e.db | tee -a all >runs
	joulerig export energy.$runs --db e.db --what samples | jq -r '.campaign + " " + (.run | tostring)' | uniq -c >>samples
	return $status
}
best() { jq -s '[.[] | select(.metrics["energy.package"]) | .uncertainty["energy.package"] / .metrics["energy.package"]] | min < 0.003' all; }
most() { sort -n samples | awk 'END { print ($1 >= 15) }'; }
energies() { jq -r '.metrics["energy.package"] | type' runs | sort | uniq -c | awk '{ print $1, $2 }'; }
is_quiet() { campaign && [ "$(energies) $(best) $(most)" = "3 number true 1" ]; }
ok "a campaign with the meter" tries 10 is_quiet
diag runs
is "all runs have an energy" "$(energies)" "3 number"
is "within its own uncertainty of 50 W x time" \
	"$(jq -r 'select(.metrics["energy.package"]) | ((.metrics["energy.package"] - 50 * .metrics.time) | fabs) <= .uncertainty["energy.package"]' all | sort -u)" true
is "which is under 0.3 %" "$(best)" true
is "each zone by its name" "$(jq -r '.metrics["energy.package-0"] == .metrics["energy.package"]' runs | sort -u)" true
is "samples came along with all" "$(grep -c . samples)" "$(grep -c . all)"
is "ten a second" "$(most)" 1
like "the table shows energy and power" "$(joulerig results energy --db e.db)" 'energy J'
is "the counter's unit is known" "$(sqlite3 -readonly e.db 'SELECT DISTINCT json ->> "$.energy.zones[0].unit_nj" FROM inventory')" 61035
machines=$(joulerig report energy --db e.db | sed '/^<script>/,/^<\/script>/d')
like "a report shows it" "$machines" '>energy units</th><td>package-0: unit 61.03 µJ, a step every [0-9.]+ ms<'
like "and the power limit" "$machines" '>power limits</th><td>package-0: PL1 100 W<'

cat >off.yaml <<'YAML'
campaign: off
benchmarks: {t: {command: ["true"]}}
measure: {energy: require}
repeat: {warmup: 0, blocks: 1}
YAML
mkdir -p empty/proc empty/sys
fails "energy required and no meter there" 4 joulerig run off.yaml --db e.db --root empty
like "it says where and what to do" "$(cat "$tap_log")" 'no meter for this campaign, which says `energy: require`:$'
like "with the reason of the host" "$(sed -n 2,9p "$tap_log")" '^  .*: .*energy'
sed -e 's/benchmarks: {/&other: {command: ["true"], measure: {energy: auto}}, /' -e 's/off/some/' off.yaml >some.yaml
fails "what needs none runs beside it, and the run without fails" 1 joulerig run some.yaml --db e.db --root empty
like "and says what to do" "$(joulerig runs some.1 --db e.db --failed)" 'energy is required: '

{ sed 's/campaign: off/campaign: idle/' off.yaml; echo 'tune: {governor: performance}'; } >idle.yaml
ok "a campaign of which nothing could run ends well, with a note" joulerig run idle.yaml --db e.db --root m
like "it says what stood in the way" "$(joulerig results idle.1 --db e.db)" '^skipped  t on .*: tune: governor: '
unlike "and misses no energy of runs that never were" "$(joulerig results idle.1 --db e.db)" 'energy not measured'

done_testing
