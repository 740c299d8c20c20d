# Effects that were planted into the meter and the clock get the right verdict, through the real agent: more energy in the
# same time, more time for the same energy, and a machine whose power drifts while nothing differs.
. "$TOP/tests/lib.sh"

# Other work on this machine must not hold up what sleeps here, where we may say so.
. "$TOP/tests/meter.sh"
trap 'unmount_meters; rm -f "$tap_log"' EXIT
if chrt -f 1 true 2>/dev/null; then METER_FIRST=(chrt -f 1); fi
mount_meter m --zone name=package-0,power=100mW,max=300W || skip_all "no FUSE here: $(tail -n 1 m.log)"

# The meter gives out its energy within 0.2 s of the go, however busy the machine is; the program outlasts that.
cat >program <<SH
#!/bin/sh
runs=\$((\$(cat count) + 1))
echo \$runs >count
[ "\$1" != drift ] || set -- \$((100 + runs))W "\$2" # 1 % of the first more with each run, whosever it is
echo "package-0 \$1 200ms" >$PWD/m/power
exec sleep "\$2"
SH
chmod +x program
echo 0 >count
sed -i "s|count|$PWD/count|g" program

# With 12 blocks, p can be 0.05 %.
cat >planted.yaml <<'YAML'
campaign: planted
seed: 3
matrix:
  arm:
    base: {power: 100W, time: 0.40}
    hungry: {power: 103W, time: 0.40}
    slow: {power: 100W, time: 0.42}
benchmarks: {work: {command: [./program, "{arm.power}", "{arm.time}"]}}
measure: {energy: require}
placement: {cpus: 1}
repeat: {warmup: 0, blocks: 12}
compare: {by: arm, baseline: base, metrics: [energy.package, time], threshold: 1%, alpha: 0.01}
YAML
ok 'a campaign with planted effects' "${METER_FIRST[@]}" joulerig run planted.yaml --db p.db --root m --quiet
joulerig compare planted --db p.db --format json >rows.json
diag rows.json | cut -c1-300
verdict() { jq -r --arg arm "$1" --arg metric "$2" '.[] | select(.contender == $arm and .metric == $metric) | .verdict' rows.json; }
# Whether the ratio is that, as far as its own interval lets us know.
ratio_is() { jq -e --arg arm "$1" --arg metric "$2" --argjson r "$3" --argjson d "$4" \
	'[.[] | select(.contender == $arm and .metric == $metric) | (.ratio - $r | fabs) < ([$d, .high - .low] | max)] == [true]' rows.json; }
# right NAME ARM METRIC EFFECT VERDICT: inconclusive only where the machine was so busy that such an effect could not be seen
right() {
	local got; got=$(verdict "$2" "$3")
	if [ "$got" = inconclusive ] && jq -e --arg arm "$2" --arg metric "$3" --argjson effect "$4" \
		'[.[] | select(.contender == $arm and .metric == $metric) | .smallest_effect > $effect or .n < 12] == [true]' rows.json >/dev/null; then
		skip "$1" "this machine is too busy to see $4"
	else
		is "$1" "$got" "$5"
	fi
}
right '3 % more energy is found' hungry energy.package 0.03 regressed
ok 'as 3 %' ratio_is hungry energy.package 1.03 0.005
like 'in a time that is no other' "$(verdict hungry time)" '^(unchanged|inconclusive)$'
right '5 % more time is found' slow time 0.05 regressed
right 'for an energy that is the same' slow energy.package 0.01 unchanged
ok 'to a part of a percent' ratio_is slow energy.package 1 0.005
ok 'pairs are blocks' jq -e 'length == 4 and all(.[]; .n <= 12)' rows.json

# Power grows by a third while the campaign runs. In blocks both arms bear that alike.
sed -e 's/campaign: planted/campaign: drift/' -e '/hungry\|slow/d' -e 's/100W/drift/' \
	-e 's/\( *\)base: .*/&\n\1same: {power: drift, time: 0.30}/' -e 's/0\.40/0.30/' -e 's/threshold: 1%/threshold: 2%/' planted.yaml >drift.yaml
echo 0 >count
ok 'a campaign on a machine that drifts' "${METER_FIRST[@]}" joulerig run drift.yaml --db p.db --root m --quiet
joulerig compare drift --db p.db --format json >rows.json
diag rows.json | cut -c1-300
joulerig export drift --db p.db | jq -r '.metrics["energy.package"]' >energies
ok 'its energy rose by a fifth' jq -es 'length == 24 and (map(values) | max > 1.2 * min)' energies
right 'nothing differs in energy' same energy.package 0.02 unchanged
like 'nor in time' "$(verdict same time)" '^(unchanged|inconclusive)$'
done_testing
