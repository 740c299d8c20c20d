# The energy of a run against a truth that is known to the last counter unit.
. "$TOP/tests/lib.sh"

meter() { # MOUNTPOINT OPTIONS...: mount, wait until it is there
	local at=$1; shift
	mkdir -p "$at"
	"$BUILD/tests/meter" "$@" "$at" >"$at.log" 2>&1 &
	METERS+=($!)
	wait_for 20 test -e "$at/truth"
}
METERS=()
cleanup() { for p in "${METERS[@]}"; do kill "$p" 2>/dev/null; done; wait; rm -f "$tap_log"; }
trap cleanup EXIT

# 40 J short of the wrap: 50 W reach it within the run.
meter m --zone name=package-0,power=50W,range=262143328850,start=262093328850 || skip_all "no FUSE here: $(tail -n 1 m.log)"

cat >e.yaml <<'YAML'
campaign: energy
benchmarks: {sleep: {command: [sleep, "2"]}}
measure: {energy: require}
repeat: {warmup: 0, blocks: 3}
YAML
ok "a campaign with the meter" joulerig run e.yaml --db e.db --root m
joulerig export energy.1 --db e.db >runs
cat runs | diag
is "all runs have an energy" "$(jq -r '.metrics["energy.package"] | type' runs | sort | uniq -c | awk '{print $1, $2}')" "3 number"
is "within its own uncertainty of 50 W x time" \
	"$(jq -r '((.metrics["energy.package"] - 50 * .metrics.time) | fabs) <= .uncertainty["energy.package"]' runs | sort -u)" true
# A busy machine widens it, which it says; the best of the runs shows what the meter allows.
is "which is under 0.3 %" "$(jq -s '[.[] | .uncertainty["energy.package"] / .metrics["energy.package"]] | min < 0.003' runs)" true
is "each zone by its name" "$(jq -r '.metrics["energy.package-0"] == .metrics["energy.package"]' runs | sort -u)" true
is "samples came along" "$(joulerig export energy.1 --db e.db --what samples | jq -r .run | sort | uniq -c | awk '$1 >= 15' | wc -l)" 3
like "the table shows energy and power" "$(joulerig results energy.1 --db e.db)" 'energy J'
is "the counter's unit is known" "$(sqlite3 -readonly e.db 'SELECT json ->> "$.energy.zones[0].unit_nj" FROM inventory')" 61035
machines=$(joulerig report energy.1 --db e.db | sed '/^<script>/,/^<\/script>/d')
like "a report shows it" "$machines" '>energy units</th><td>package-0: unit 61.03 µJ, a step every [0-9.]+ ms<'
like "and the power limit" "$machines" '>power limits</th><td>package-0: PL1 100 W<'

cat >off.yaml <<'YAML'
campaign: off
benchmarks: {t: {command: ["true"]}}
measure: {energy: require}
repeat: {warmup: 0, blocks: 1}
YAML
mkdir -p empty/proc empty/sys
fails "energy required and none there: the run fails" 1 joulerig run off.yaml --db e.db --root empty
like "and says what to do" "$(joulerig runs off.1 --db e.db --failed)" 'energy'

{ sed 's/campaign: off/campaign: idle/' off.yaml; echo 'tune: {governor: performance}'; } >idle.yaml
ok "a campaign of which nothing could run ends well, with a note" joulerig run idle.yaml --db e.db --root m
like "it says what stood in the way" "$(joulerig results idle.1 --db e.db)" '^skipped  t on .*: tune: governor: '
unlike "and misses no energy of runs that never were" "$(joulerig results idle.1 --db e.db)" 'energy not measured'

done_testing
