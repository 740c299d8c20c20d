# joulerig trend: a planted step is told once, at its submission; A/A is quiet; another machine breaks series; canaries.
. "$TOP/tests/lib.sh"

# A program that says what it cost: a level of the night of ±0.8 %, noise of a run of ±0.1 %, and the steps of the file.
echo 0 >count
cat >program <<'SH'
#!/bin/sh
n=$(($(cat count) + 1))
echo $n >count
night=$(cat night)
level=$((((night * 37 + $2 * 101) * 7919 % 2003 - 1001) * 8))
run=$(((n * 7919 % 1201 - 600) * 2))
echo "cost $(($(cat "step.$1") * 100 * (1000000 + level + run) / 1000000))"
SH
chmod +x program
cat >c.yaml <<'YAML'
campaign: nightly
matrix: {size: [1, 2]}
benchmarks:
  slower: {command: [./program, program, "{size}"]}
  same: {command: [./program, same, "1{size}"]}
  canary: {command: [./program, canary, "7"], canary: true, matrix: {size: ~}}
defaults:
  metrics: {cost: {pattern: 'cost (\d+)', unit: op, better: lower}}
placement: {cpus: 1}
measure: {energy: off}
repeat: {warmup: 0, blocks: 5}
compare: {by: size, baseline: 1, metrics: [cost], threshold: 2%}
YAML
# The measured machine as the agent reads it, with the kernel of $2.
tree() {
	mkdir -p "$1/proc/sys/kernel" "$1/sys/devices/system/cpu"
	cp /proc/cpuinfo /proc/meminfo /proc/stat /proc/version /proc/loadavg "$1/proc/"
	echo "$2" >"$1/proc/sys/kernel/osrelease"
	cp /sys/devices/system/cpu/{online,possible,present} "$1/sys/devices/system/cpu/"
	for cpu in /sys/devices/system/cpu/cpu[0-9]*; do
		mkdir -p "$1$cpu/topology"
		cp "$cpu"/topology/* "$1$cpu/topology/"
	done
}
tree old 6.1.0-old
cp -r old new
echo 6.12.8-new >new/proc/sys/kernel/osrelease

steps() { echo "$1" >step.program; echo "$2" >step.same; echo "$3" >step.canary; }
night() { # NUMBER ROOT COMMIT
	echo "$1" >night
	joulerig run c.yaml --quiet --root "$2" --label "commit=$3" >/dev/null 2>run.err || diag run.err
}
changes() { joulerig trend nightly --metric cost --format json "$@" | jq -r '[.[] | select(.change) | "\(.submission) \(.benchmark) \(.parameters.size) \(.change)"] | join(", ")'; }

steps 1000 1000 1000
for n in 1 2 3 4; do night $n old c$((n / 2)); done
is 'before the step nothing is told' "$(changes)" ''
like 'and why is said' "$(joulerig trend nightly)" '^\(a level takes three submissions, so a change is told from the sixth on; until then `compare --baseline previous`\)$'
steps 1060 1000 1000
for n in 5 6; do night $n old "d$n"; done
is 'two submissions of the new level are not enough' "$(changes)" ''
night 7 old d7
told='nightly.5 slower 1 regressed, nightly.5 slower 2 regressed'
is 'a step is told once three stand on each side' "$(changes)" "$told"
night 8 old d8
is 'the next night does not tell it again' "$(changes)" "$told"

joulerig trend nightly --metric cost --format json >rows.json
is 'a row a point' "$(jq length rows.json)" 40
is 'each row has what programs read' "$(jq -r '.[0] | keys_unsorted | join(" ")' rows.json)" \
	'submission submitted_at mark benchmark parameters host metric unit n median low high level change after change_ratio change_low change_high change_p change_p_adjusted break flags canary canary_ratio canary_low canary_high'
ok 'the planted 6 % is in its interval' jq -e '[.[] | select(.change)] | all(.change_low < 1.06 and 1.06 < .change_high and .change_p_adjusted <= 0.01)' rows.json
is 'the row tells the last submission of the old level' "$(jq -r '[.[] | select(.change) | .after] | unique | join(" ")' rows.json)" nightly.4
is 'and levels are counted' "$(jq -r '[.[] | select(.benchmark == "slower" and .parameters.size == 1) | .level] | join(" ")' rows.json)" '1 1 1 1 2 2 2 2'
is 'marks are what was new' "$(jq -r '[.[] | select(.benchmark == "canary") | .mark // "-"] | join(" ")' rows.json)" \
	'commit=c0 commit=c1 - commit=c2 commit=d5 commit=d6 commit=d7 commit=d8'
is 'a row a line' "$(joulerig trend nightly --metric cost --format ndjson | jq -c . | wc -l)" 40
is 'csv has the same' "$(joulerig trend nightly --metric cost --format csv | wc -l)" 41

joulerig trend nightly >table
like 'the table says of what' "$(sed -n 1p table)" '^nightly  8 submissions, nightly.1 \([0-9-]+\) to nightly.8'
like 'the metrics are those of compare' "$(cat table)" '^cost op on .*, lower is better'
like 'a step is seen' "$(grep '^slower  *1' table)" '▁▁▁▁██|[▁▂▃]{4}[▆▇█]{4} .*▲ 1$'
like 'noise looks like noise' "$(grep '^same  *1' table)" '[▂▃▄▅▆▇]{8}'
like 'a canary is told apart' "$(cat table)" '^canary \(canary\)'
like 'the change has its commits' "$(cat table)" '^nightly.5 \([0-9-]+\) between commit=c2 and commit=d5$'
like 'and its size' "$(cat table)" '▲ regressed: cost of slower size=1 on .* \+[56]\.[0-9] % \[\+[45]\.[0-9], \+[67]\.[0-9]\]$'
is 'no line is wider than a page' "$(awk '{gsub(/[▁▂▃▄▅▆▇█▲▼·±≤]/, "x")} length > 100' table)" ''
is 'the same again' "$(joulerig trend nightly)" "$(cat table)"
is 'markdown has a table' "$(joulerig trend nightly --format markdown | grep -c '^| slower')" 2

is '--only' "$(changes --only 'benchmark == "slower" and size == 2')" 'nightly.5 slower 2 regressed'
is '--last leaves too few on one side' "$(changes --last 6)" ''
is '--threshold' "$(changes --threshold 10%)" ''
fails '--gate' 3 joulerig trend nightly --gate
like 'tells what regressed' "$(joulerig trend nightly --gate 2>&1 >/dev/null)" '^regressed: cost of slower .* on .*: \+[56]\.[0-9]+ % since nightly.5$'
ok '--gate --since minds later changes alone' joulerig trend nightly --gate --since nightly.6

# Another kernel, and another level with it.
steps 1300 1250 1200
for n in 9 10 11; do night $n new "e$n"; done
is 'over a break nothing is compared' "$(changes)" "$told"
like 'but the break is told' "$(joulerig trend nightly)" '  [^ ]+ from nightly.9 on: kernel 6.1.0-old -> 6.12.8-new$'
is 'and each row says so' "$(joulerig trend nightly --metric cost --format json | jq -r '[.[] | select(.break) | "\(.submission) \(.break) \(.flags | join(" "))"] | unique | join(", ")')" \
	'nightly.9 kernel 6.1.0-old -> 6.12.8-new break, nightly.9 kernel 6.1.0-old -> 6.12.8-new canary break'
like 'a line has a bar there' "$(joulerig trend nightly | grep '^same  *1')" '[▁▂▃]{8}\|[▆▇█]{3}'

# The machine slows down, and one program more than it.
sed -i 's/^campaign: .*/campaign: warm/' c.yaml
steps 1000 1000 1000
for n in 1 2 3 4; do night $n old c; done
steps 1150 1050 1050
for n in 5 6 7; do night $n old c; done
joulerig trend warm --format json >warm.json
is 'what the canary shares is the machine' \
	"$(jq -r '[.[] | select(.change) | "\(.submission) \(.benchmark) \(if .flags | index("machine_changed") then "machine" else "program" end) \(.canary)"] | unique | join(", ")' warm.json)" \
	'warm.5 canary program null, warm.5 same machine canary, warm.5 slower program canary'
joulerig trend warm >table
like 'and said so' "$(cat table)" '^  the machine, not the program:$'
like 'with the canary' "$(cat table)" '^    ▲ regressed: cost of same size=1 on .* \(canary canary \+[45]\.[0-9] %\)$'
like 'what is more than the machine is, too' "$(cat table)" '^  ▲ regressed: cost of slower .*; more than the machine: canary'
unlike 'nothing was new' "$(cat table)" '^warm.5 .*(between|from) '
is 'the gate minds the program' "$(joulerig trend warm --gate 2>&1 >/dev/null | grep -c '^regressed: cost of slower')" 2
is 'and not the machine' "$(joulerig trend warm --gate 2>&1 >/dev/null | grep -c 'cost of same\|of canary')" 0
like 'compare knows the canary' "$(joulerig compare warm.4 warm.5 --metric cost)" '^canary canary on .*: cost moved by \+[3-7]\.[0-9] % \[.*\]: the machine changed$'
unlike 'where it moved' "$(joulerig compare warm.3 warm.4 --metric cost)" 'the machine changed'

fails 'a name that there is none of' 2 joulerig trend nigthly
like 'is told with the nearest' "$(joulerig trend nigthly 2>&1)" "did you mean 'nightly"
fails 'a submission is no campaign' 2 joulerig trend nightly.3
like 'and what to say instead' "$(joulerig trend nightly.3 2>&1)" '`joulerig trend nightly`'
like 'a metric that there is not' "$(joulerig trend nightly --metric cots 2>&1)" "metric 'cots'; did you mean 'cost'"
like 'a host that there is not' "$(joulerig trend nightly --host nobody 2>&1)" "on a host 'nobody'"
like 'an unknown name' "$(joulerig trend nightly --only 'siz == 1' 2>&1)" "'siz'; did you mean 'size'"
fails 'alpha is a number' 2 joulerig trend nightly --alpha 2
fails 'since which' 2 joulerig trend nightly --gate --since nightly.99
fails 'a format that there is not' 2 joulerig trend nightly --format xml
done_testing
