# A campaign that asks for all that `measure` and `guard` offer: idle power, counters, silence, and runs that are had again.
. "$TOP/tests/lib.sh"

. "$TOP/tests/meter.sh"
trap 'unmount_meters; rm -f "$tap_log"' EXIT

# all NAME FILTER: holds for every run in the file runs, and there are some
all() { if jq -e -s "length > 0 and all(.[]; $2)" runs >/dev/null; then pass "$1"; else fail "$1"; jq -c "[.run, .metrics, .uncertainty, .deviation, .flags]" runs | diag; fi; }

# measured NAME ROOT FILTER: the campaign NAME.yaml into all, its counted runs into runs; once more where not all of them have what
# FILTER wants, because the machine held up their readings
measured() { tries 10 has_all "$@"; }
has_all() {
	joulerig run "$1.yaml" --db e.db --root "$2" || return 1
	joulerig export "$1" --db e.db --warmup >all
	jq -c 'select(.block > 0)' all >runs
	jq -e -s "all(.[]; $3)" runs >/dev/null
}
energy='.metrics["energy.package"] != null'
idle='.metrics["power.package.idle"] != null'

mount_meter m --zone name=package-0,power=30W,phase=300us --zone name=package-1,power=20W || skip_all "no FUSE here: $(tail -n 1 m.log)"

cat >idle.yaml <<'YAML'
campaign: idle
matrix: {seconds: ["0.5", "0.6"]}
benchmarks: {sleep: {command: [sleep, "{seconds}"]}}
measure: {energy: require, idle: 1s, every: 50ms}
repeat: {warmup: 1, blocks: 2}
YAML
ok "a campaign with idle power" measured idle m "$energy and $idle"
is "all runs are there, but for the warm-up" "$(wc -l <runs)" 4
all "idle power is what the machine drew, within its bound" \
	'((.metrics["power.package.idle"] - 50) | fabs) <= .uncertainty["power.package.idle"]'
all "net is gross less idle power x time" \
	'((.metrics["energy.package.net"] - (.metrics["energy.package"] - .metrics["power.package.idle"] * .metrics.time)) | fabs) < 1e-5'
all "which is nothing for a program that drew nothing" \
	'(.metrics["energy.package.net"] | fabs) <= .uncertainty["energy.package"] + .uncertainty["power.package.idle"] * .metrics.time + 1e-5'
all "net has a deviation, not below that of gross" '.deviation["energy.package.net"] >= .deviation["energy.package"]'
all "and no hard bound" '.uncertainty | has("energy.package.net") | not'
all "idle power has both" '.uncertainty["power.package.idle"] > 0 and .deviation["power.package.idle"] > 0'
is "it is measured once a block" "$(jq -s '[group_by(.block)[] | map(.metrics["power.package.idle"]) | unique | length] | unique' -c runs)" '[1]'
is "and not for the warm-up" "$(jq -r 'select(.block == 0) | .metrics["power.package.idle"]' all | sort -u)" null

# Ten steps of these counters are 2 s.
mount_meter l --step 200ms --zone name=package-0,power=50W
cat >short.yaml <<'YAML'
campaign: short
benchmarks: {sleep: {command: [sleep, "4"]}}
measure: {energy: require, idle: 2ms}
repeat: {warmup: 0, blocks: 1}
YAML
ok "an idle time that is too short for the counters" measured short l "$energy and ($idle | not)"
all "gives no net energy" '.metrics["energy.package"] > 0 and .metrics["energy.package.net"] == null'
like "and says why" "$(joulerig results short --db e.db)" 'idle: no net energy: .* too short'

# Counters that wrap each fifth of a second must be read each 13 ms: where a busy machine does not let us, we say so.
mount_meter w --zone name=package-0,power=50W,range=10000000
sed 's/campaign: idle/campaign: wraps/; s/blocks: 2/blocks: 4/' idle.yaml >wraps.yaml
ok "a campaign over many wraps" joulerig run wraps.yaml --db e.db --root w
joulerig export wraps.1 --db e.db >runs
all "idle power is right, or not told" '.metrics["power.package.idle"] as $p | $p == null or (($p - 50) | fabs) <= .uncertainty["power.package.idle"]'
all "energy is right, or flagged" \
	'.metrics["energy.package"] as $e | if $e == null then (.flags | index("wrap_ambiguous") or index("short")) else (($e - 50 * .metrics.time) | fabs) <= .uncertainty["energy.package"] end'
# Those of this one must be read each 2.5 s, which is half a run: samples alone would come too late.
mount_meter s --zone name=package-0,power=49W,max=25W,range=500000000
cat >slow.yaml <<'YAML'
campaign: slow
benchmarks: {sleep: {command: [sleep, "5"]}}
measure: {energy: require, every: 30s}
repeat: {warmup: 0, blocks: 2}
YAML
ok "a campaign of long runs" measured slow s "$energy"
all "counters were read often enough, from the start on" '((.metrics["energy.package"] - 49 * .metrics.time) | fabs) <= .uncertainty["energy.package"]'

cat >counters.yaml <<'YAML'
campaign: counters
benchmarks:
  own: {command: ["true"]}
  tree: {command: "true & wait; for i in 1 2 3 4 5 6 7 8; do /bin/true; done"}
measure: {counters: [page-faults, task-clock, no-such-thing], every: 20ms}
repeat: {warmup: 0, blocks: 2}
YAML
ok "a campaign with counters" joulerig run counters.yaml --db e.db --root m
joulerig export counters.1 --db e.db >runs
all "what cannot be counted is flagged" '.flags | index("counter_missing")'
like "and named" "$(joulerig results counters.1 --db e.db)" 'counters: no-such-thing: '
if joulerig results counters.1 --db e.db | grep -q 'counters: page-faults'; then
	skip "counts" "this kernel lets nobody count"
else
	all "counts are those of the run" '.metrics.page_faults > 0 and .metrics.task_clock > 0 and .metrics.task_clock <= .metrics.time * 64'
	ok "and of all that it starts" jq -e -s '(map(select(.benchmark == "own") | .metrics.page_faults) | max) * 4 < (map(select(.benchmark == "tree") | .metrics.page_faults) | min)' runs
fi

# A machine whose governor is not the one that is wanted: no run is ever good, so each is had again as often as it may be.
mkdir -p g/sys/devices/system/cpu
ln -s "$PWD/m/sys/class" g/sys/class
ln -s "$PWD/m/proc" g/proc
for path in m/sys/devices/system/cpu/*; do
	name=${path##*/}
	case $name in
	cpu[0-9]*)
		mkdir -p "g/sys/devices/system/cpu/$name/cpufreq"
		ln -s "$PWD/$path/topology" "g/sys/devices/system/cpu/$name/topology"
		echo powersave >"g/sys/devices/system/cpu/$name/cpufreq/scaling_governor"
		;;
	*) ln -s "$PWD/$path" "g/sys/devices/system/cpu/$name" ;;
	esac
done
rerun() { # NAME ON_VIOLATION
	cat >"$1.yaml" <<-YAML
		campaign: $1
		benchmarks: {t: {command: 'echo x >>"\$COUNT"; ls -A {tmp}; touch {tmp}/x; sleep 0.3', env: {COUNT: $PWD/$1.count}}}
		measure: {energy: require, idle: 1s, stream: after, every: 20ms}
		guard: {governor: performance, on_violation: $2}
		limits: {attempts: 3}
		repeat: {warmup: 0, blocks: 2}
	YAML
	tries 10 is_had "$1"
}
is_had() {
	rm -f "$1.count"
	has_all "$1" g "$energy and $idle" || return 1
	joulerig export "$1" --db e.db --what samples >samples
	[ -s samples ]
}
ok "a campaign whose runs are never good" rerun again rerun
all "is done, and says how often each was had again" '.state == "done" and .metrics["guard.reruns"] == 2 and (.flags | index("wrong_governor"))'
is "each as often as it may be" "$(wc -l <again.count)" 6
all "what is told of it is one run" '((.metrics["energy.package"] - 50 * .metrics.time) | fabs) <= .uncertainty["energy.package"] and .metrics.time < .metrics["guard.reruns"] * 30'
all "with the idle power of its block" '((.metrics["power.package.idle"] - 50) | fabs) <= .uncertainty["power.package.idle"] and .metrics["energy.package.net"] != null'
is "in a directory of its own" "$(joulerig export again --db e.db --what output | jq -r 'select(.stream == "stdout") | .text' | tr -d '\n')" ""
is "its samples are those of the run alone" "$(jq -rs --slurpfile runs runs 'group_by(.run) | map((map(.time) | max - min) as $t | .[0].run as $run | ($runs[] | select(.run == $run) | .metrics.time * 1e9) >= $t) | unique | tostring' samples)" "[true]"
ok "a campaign that marks them instead" rerun marks mark
is "has each once" "$(wc -l <marks.count)" 2
all "and says so" '.metrics["guard.reruns"] == null and (.flags | index("wrong_governor"))'

done_testing
