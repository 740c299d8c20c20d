# joulerig compare: break-even, residual, parts of a ratio, unlike energies, work, normalised, what else differs.
. "$TOP/tests/lib.sh"

# ---- a campaign whose times and energies are planted in its store, on two hosts ----
cat >c.yaml <<'YAML'
campaign: plant
matrix: {arm: [a, b, c], n: [1, 2]}
benchmarks: {one: {command: ["true", "{arm}", "{n}"]}}
placement: {cpus: 1}
measure: {energy: off}
repeat: {warmup: 0, blocks: 9}
compare: {by: arm, baseline: a, metrics: [time, energy.package]}
YAML
ok 'a campaign' joulerig run c.yaml --quiet

# b is twice as fast at 1.5 times the power: it saves gross (1.5), and wastes net of 60 W (2.25). c is as fast, at the power
# of a. Noise of at most 0.3 %, not the same in time and power. The second host is a copy, a tenth slower.
plant() { # CAMPAIGN'S ID
	sqlite3 joulerig.db <<SQL
PRAGMA foreign_keys = OFF;
CREATE TEMP TABLE arm AS SELECT campaign, number AS configuration, json_extract(parameters, '\$.arm') AS arm FROM configuration;
INSERT INTO host (key, name, seen_at) SELECT 'second', 'second', 1 WHERE NOT EXISTS (SELECT 1 FROM host WHERE name = 'second');
INSERT INTO inventory (host, seen_at, json)
	SELECT (SELECT id FROM host WHERE name = 'second'), 1, json FROM inventory WHERE id = (SELECT inventory FROM lane WHERE campaign = $1 AND lane = 0);
INSERT INTO lane (campaign, lane, host, inventory) VALUES ($1, 1, (SELECT id FROM host WHERE name = 'second'), last_insert_rowid());
CREATE TEMP TABLE copy AS SELECT * FROM run WHERE campaign = $1;
UPDATE copy SET id = id + 1000, run = run + 1000, host = (SELECT id FROM host WHERE name = 'second');
INSERT INTO run SELECT * FROM copy;
UPDATE run SET flags = '[]', time = CAST(1e9 * iif(arm = 'a', 1, .5) * (1 + (run * 7919 % 101) / 101.0 * .003) * iif(run > 1000, 1.1, 1) AS INTEGER)
	FROM arm WHERE arm.campaign = run.campaign AND arm.configuration = run.configuration AND run.campaign = $1;
UPDATE run SET energy_package = CAST(time / 1e3 * iif(arm = 'b', 150, 100) * (1 + (run * 6101 % 97) / 97.0 * .003) AS INTEGER)
	FROM arm WHERE arm.campaign = run.campaign AND arm.configuration = run.configuration AND run.campaign = $1;
UPDATE run SET energy_package_net = energy_package - CAST(time / 1e3 * 60 AS INTEGER), power_package_idle = 60000000 WHERE campaign = $1;
SQL
}
plant 1
host() { sqlite3 joulerig.db "SELECT h.name FROM lane l JOIN host h ON h.id = l.host WHERE l.campaign = 1 AND l.lane = 0"; }
first=$(host)

joulerig compare plant --format json >rows.json
rows() { jq -r ".[] | select($1) | $2" "${3:-rows.json}" | sort -u; }
is 'verdicts of both hosts' "$(rows '.host != "*"' '"\(.metric) \(.contender) \(.verdict)"' | paste -sd, -)" \
	'energy.package b improved,energy.package c improved,time b improved,time c improved'
is 'pooled over both' "$(rows '.host == "*"' '"\(.n) \(.verdict)"')" '2 pooled'
ok 'hosts agree' jq -e 'all(.[] | select(.host == "*"); .i2 < 0.9 and .between < 0.01)' rows.json
ok 'medians and their unit' jq -e 'all(.[] | select(.metric == "time" and .host != "*"); .unit == "s" and .baseline_median > 0.9 and .contender_median < 0.6)' rows.json
is 'nothing else differs along an axis' "$(joulerig compare plant | tail -n 1)" 'differs beside arm: nothing'
narrow() { local width; width=$("$@" | wc -L); [ "$width" -le 100 ] || { echo "$width columns"; "$@"; return 1; }; }
ok 'no line is wider than a page' narrow joulerig compare plant --all
ok 'nor with bars' narrow joulerig compare plant --forest --all
ok 'bars stand on 1' grep -q '│' <(joulerig compare plant --forest)
ok 'p of ranks beside' jq -e 'all(.[] | select(.host != "*"); .rank_p > 0 and .rank_p < 0.01)' <(joulerig compare plant --rank-test --format json)
like 'and in the table' "$(joulerig compare plant --rank-test)" 'rank p'

# ---- break-even ----
joulerig compare plant --show break-even --format json >even.json
is 'gross and net disagree' "$(rows '.contender == "b"' '"\(.sign) \(.sign_net)"' even.json)" 'saves wastes'
is 'what is only faster saves' "$(rows '.contender == "c"' '"\(.sign) \(.sign_net)"' even.json)" 'saves saves'
ok 'speed-up 2, break-even 1.5 and 2.25' jq -e 'all(.[] | select(.contender == "b");
	(.speedup - 2 | fabs) < 0.01 and (.break_even - 1.5 | fabs) < 0.01 and (.break_even_net - 2.25 | fabs) < 0.02 and .idle_power == 60)' even.json
ok 'its margin is the ratio of energies' jq -e 'all(.[]; (.break_even / .speedup - .energy | fabs) < 1e-9)' even.json
like 'the table says it' "$(joulerig compare plant --show break-even)" '1\.[45].. +▼ saves +2\.2.. +▲ wastes'

# ---- residual ----
joulerig compare plant --show residual --format json >residual.json
is 'energy to time' "$(rows true '"\(.contender) \(.verdict)"' residual.json | paste -sd, -)" 'b not proportional,c proportional'
ok 'the residual is energy by time' jq -e 'all(.[]; (.energy / .time - .power | fabs) < 1e-9)' residual.json
is 'a band of 60 %' "$(joulerig compare plant --show residual --band 60% --format json | jq -r '[.[].verdict] | unique | join(",")')" proportional
like 'the line through all cells' "$(joulerig compare plant --show residual)" 'all hosts: log E = .* over 12 cells'

# ---- parts of a ratio ----
joulerig compare plant --chain a,b,c --format json >parts.json
ok 'parts add up to the whole' jq -e '[.[] | select(.part == "link") | .log_ratio] as $l | [.[] | select(.part == "whole") | .log_ratio] as $w |
	($l | add) - ($w | add) | fabs < 1e-8' parts.json
is 'links and wholes' "$(rows '.metric == "time"' '"\(.part) \(.contender)/\(.baseline)"' parts.json | paste -sd, -)" 'link b/a,link c/b,whole c/a'
ok 'the baseline is where the chain begins' joulerig compare plant --by arm --chain b,c,a
fails 'a chain closes no gate' 2 joulerig compare plant --chain a,b,c --gate
fails 'a chain of two' 2 joulerig compare plant --chain a,b
is 'has no heading over nothing' "$(joulerig compare plant --chain a,b 2>/dev/null)" ''
fails 'a chain with a value that is none' 2 joulerig compare plant --chain a,b,d
fails 'an axis twice' 2 joulerig compare plant --chain a,b,a
fails 'none between hosts' 2 joulerig compare plant --by host --baseline second --show residual

# ---- along hosts ----
inventory() { sqlite3 joulerig.db "UPDATE inventory SET json = json_set(json, $2) WHERE id = (SELECT inventory FROM lane WHERE campaign = $1 AND lane = ${3:-1})"; }
inventory 1 "'$.kernel', '5.0-old', '$.cpu.microcode', '0x99', '$.energy', json('{\"source\": \"powercap\", \"zones\": [{\"domain\": \"package\", \"state\": \"ok\"}]}')"
inventory 1 "'$.energy', json('{\"source\": \"perf\", \"zones\": [{\"domain\": \"package\", \"state\": \"ok\"}]}')" 0
joulerig compare plant --by host --baseline "$first" --format json >hosts.json
is 'hosts are compared' "$(rows '.metric == "time"' '"\(.verdict) \(.flags | index("unpaired"))"' hosts.json)" 'regressed 0'
is 'with what else differs' "$(jq -r '.[0].differs | map(.what) | join(" ")' hosts.json)" 'cpu.microcode kernel energy.source'
like 'in the table, too' "$(joulerig compare plant --by host --baseline "$first")" "differs beside host: second / $first: cpu.microcode 0x99 / .* kernel 5.0-old"
is 'a field of hosts' "$(joulerig compare plant --by host.kernel --baseline 5.0-old --metric time --format json | jq -r '[.[].verdict] | unique | join(" ")')" improved
unlike 'is nothing else' "$(joulerig compare plant --by host.kernel --baseline 5.0-old --metric time | tail -n 1)" ' kernel '
fails 'a value that no host has' 2 joulerig compare plant --by host --baseline secnd
like 'is told with the nearest' "$(joulerig compare plant --by host --baseline secnd 2>&1)" "did you mean 'second'"
like 'so is a field' "$(joulerig compare plant --by host.cpu.codenme --baseline x 2>&1)" "tells its host.cpu.codenme; did you mean 'host.cpu.codename'"

# ---- normalised ----
per() { joulerig compare plant --by host --baseline "$first" --metric "$1" --per "$2" --format json | jq -r '.[0] | "\(.metric) \(.unit) \(.ratio * 100 | round)"'; }
is 'time per core' "$(per time core)" 'time.per_core core·s 110'
is 'time per watt is energy' "$(per time watt)" 'time.per_watt J 110'
is 'energy per core' "$(per energy.package core)" 'energy.package.per_core J/core 110'
fails 'energy per hertz is none' 2 joulerig compare plant --metric energy.package --per hertz

# ---- unlike energies ----
inventory 1 "'$.hypervisor', 'kvm'"
inventory 1 "'$.hypervisor', json('null')" 0
joulerig compare plant --by host --baseline "$first" --format json >unlike.json 2>unlike.txt
is 'a guest is not compared with a machine' "$(jq -r '[.[].metric] | unique | join(" ")' unlike.json)" time
like 'and that is said' "$(cat unlike.txt)" "refused: energy.package: on second it is a hypervisor's estimate, on $first measured"
like 'below the table' "$(joulerig compare plant --by host --baseline "$first")" '^refused: energy.package: on second'
fails 'nothing is left of energy alone' 2 joulerig compare plant --by host --baseline "$first" --metric energy.package
ok 'along an axis each host is its own' jq -e 'any(.[]; .metric == "energy.package")' <(joulerig compare plant --format json)

# ---- the next night ----
ok 'another submission' joulerig run c.yaml --quiet
plant 2
inventory 2 "'$.energy', json('{\"source\": \"powercap\", \"zones\": [{\"domain\": \"package\", \"state\": \"ok\"}, {\"domain\": \"package\", \"state\": \"ok\"}]}'), '$.hypervisor', 'kvm', '$.kernel', '6.1', '$.fingerprint', 'other'"
inventory 2 "'$.hypervisor', json('null'), '$.energy', json('{\"source\": \"perf\", \"zones\": [{\"domain\": \"package\", \"state\": \"ok\"}]}')" 0
joulerig compare plant.1 plant.2 --format json >nights.json 2>nights.txt
is 'sums of other parts are not compared' "$(rows '.metric == "energy.package"' '.host' nights.json | grep -v '\*')" "$first"
like 'and that is said' "$(cat nights.txt)" 'refused: energy.package: on second it was the sum of 1 counter and is the sum of 2 counters now'
is 'a machine that changed is flagged' "$(rows '.flags | index("machine_changed")' '.host' nights.json)" second
like 'with its kernel' "$(joulerig compare plant.1 plant.2)" 'differs beside the submission: second: .*kernel 6.1, was 5.0-old'
sqlite3 joulerig.db "UPDATE run SET energy_package = NULL, energy_package_net = NULL WHERE campaign = 2 AND run < 1000"
like 'energy that is gone is said' "$(joulerig compare plant.1 plant.2 --all)" "not compared: one arm=a n=1 has no energy.package on $first in plant.2"

# ---- work ----
cat >w.yaml <<'YAML'
campaign: work
matrix: {arm: [a, b]}
benchmarks:
  alike: {command: [echo, "items 100 {arm}"], metrics: {items: {pattern: 'items (\d+)'}}, work: {value: metric.items, unit: item}}
  unlike:
    command: /bin/sh -c 'case {arm} in a) echo items 100;; *) echo items 300;; esac'
    metrics: {items: {pattern: 'items (\d+)'}}
    work: {value: metric.items, unit: item}
placement: {cpus: 1}
measure: {energy: off}
repeat: {warmup: 0, blocks: 6}
compare: {by: arm, baseline: a, metrics: time}
YAML
ok 'a campaign with work' joulerig run w.yaml --quiet
joulerig compare work --format json >work.json
is 'unlike work is compared per work' "$(rows '.benchmark == "unlike"' '"\(.metric) \(.unit) \(.flags | index("per_work") != null)"' work.json)" 'time.per_work s/item true'
is 'the same work as it is' "$(rows '.benchmark == "alike"' '"\(.metric) \(.flags | index("per_work") != null)"' work.json)" 'time false'
like 'the table says so' "$(joulerig compare work --all)" 'per unit of work: the work of both sides differs'

# ---- one name for different things ----
cat >name.yaml <<'YAML'
campaign: name
matrix: {k: [1, 2]}
benchmarks:
  slow: {command: "echo score {k}0", metrics: {score: {pattern: 'score (\d+)', unit: ms, better: lower}}, work: {value: 3, unit: io}}
  wide: {command: "echo score {k}0", metrics: {score: {pattern: 'score (\d+)', unit: MB/s, better: higher}}, work: {value: 3, unit: op}}
placement: {cpus: 1}
measure: {energy: off}
repeat: {warmup: 0, blocks: 9}
compare: {by: k, baseline: 1, metrics: [score, throughput]}
YAML
ok 'two benchmarks with a metric of one name' joulerig run name.yaml --quiet
joulerig compare name --format json >name.json
is 'more is worse where the benchmark says so' "$(rows '.benchmark == "slow" and .metric == "score"' '"\(.unit) \(.verdict)"' name.json)" 'ms regressed'
is 'and better where it says that' "$(rows '.benchmark == "wide" and .metric == "score"' '"\(.unit) \(.verdict)"' name.json)" 'MB/s improved'
is 'each has its own unit of work' "$(rows '.metric == "throughput"' '"\(.benchmark) \(.unit)"' name.json)" $'slow io/s\nwide op/s'
joulerig compare name --all >name.txt
like 'the table has a block for one' "$(grep -A 2 '^score ms, lower is better$' name.txt)" '^slow .*regressed'
like 'and one for the other' "$(grep -A 2 '^score MB/s, higher is better$' name.txt)" '^wide .*improved'
joulerig results name --columns score,throughput >name.txt
like 'so have the results' "$(grep -A 1 '^wide on' name.txt)" 'score MB/s .*throughput op/s'
like 'of each' "$(grep -A 1 '^slow on' name.txt)" 'score ms .*throughput io/s'
like 'and the trend' "$(joulerig trend name --metric score)" '^score MB/s on .*, higher is better'
joulerig report name -o name.html
like 'and the report' "$(tr '<' '\n' <name.html)" 'compared, MB/s$'

# ---- what makes no sense ----
like 'a campaign against itself is said' "$(joulerig compare plant.1 plant.1 2>&1 >/dev/null)" '^note: both sides are plant\.1, so every ratio is 1; name two submissions, or --by AXIS'
unlike 'one against another is none of that' "$(joulerig compare plant.1 plant.2 2>&1 >/dev/null)" 'both sides are'
fails 'two that share nothing' 2 joulerig compare plant.1 work
like 'are told what they would have to share' "$(joulerig compare plant.1 work 2>&1)" \
	'plant\.1 and work\.1 have no benchmark with the same parameters on a host of the same name: .*`joulerig results` shows'
ok 'one block' joulerig run w.yaml --quiet --blocks 1
like 'is told how many a verdict needs' "$(joulerig compare work)" '\? inconclusive, of 1 block; needs 8$|\? inconclusive, of 1 block; needs 8 '
sqlite3 joulerig.db "UPDATE campaign SET state = 'running' WHERE id = 1"
like 'a campaign that goes on is said to' "$(joulerig compare plant.1 2>&1 >/dev/null)" '^note: plant\.1 is not done but running: what is compared is what it has so far'
sqlite3 joulerig.db "UPDATE campaign SET state = 'done' WHERE id = 1"
sed '/^compare:/d; s/^campaign: .*/campaign: alone/' w.yaml >alone.yaml
ok 'a campaign that compares nothing' joulerig run alone.yaml --quiet
like 'is told of earlier submissions, too' "$(joulerig compare alone --gate 2>&1)" 'say --by AXIS --baseline VALUE, or --baseline previous, or name two'
done_testing
