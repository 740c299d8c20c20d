# Schedules: added, listed, begun by hand, bounded, removed; with a coordinator and, as far as that goes, without.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT
ask=(--db c.db --keys keys)
schedule() { timeout -k 5 120 joulerig schedule "$@" "${ask[@]}"; }
list() { schedule list --format json | jq -r --arg name "$1" ".[] | select(.name == \$name) | $2"; }
sweeps() { sqlite3 -readonly c.db "SELECT $2 FROM sweep WHERE schedule = '$1' ORDER BY id" | paste -sd' '; }

# No run of `night` ends before `go` is there.
: >go
echo one >data
campaign() { # NAME, more keys of `schedule`
	cat >"$1.yaml" <<YAML
campaign: $1
files: [data]
benchmarks: {wait: {command: 'cat data; until [ -e $PWD/go ]; do sleep 0.05; done'}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 3}
schedule: {cron: "0 2 * * 0", timezone: Europe/Berlin${2:-}}
YAML
}
campaign night ', unless: unchanged'
sed '/^schedule/d' night.yaml >never.yaml

fails "no store, no coordinator" 4 schedule list
start_coordinator
start_agent alpha

# ---- add, list ----
fails "a campaign without a schedule" 2 schedule add never.yaml
like "it says what to write" "$(cat "$tap_log")" 'never.yaml: the campaign has no `schedule`.*'
like "and how" "$(cat "$tap_log")" '^  schedule: \{cron: "0 2 \* \* \*"\}$'
fails "one with a mistake" 2 schedule add <(sed 's/0 2/0 25/' night.yaml)
is "nothing is kept of these" "$(schedule list --format json | jq length)" 0
is "add says the name" "$(schedule add night.yaml --label why=weekly 2>added)" night
like "and when it comes" "$(cat added)" '^night comes next Sun 20[0-9-]+ 02:00 CES?T, then Sun 20[0-9-]+ 02:00 CES?T, then Sun'
like "list tells people" "$(schedule list)" '^  next  Sun 20[0-9-]+ 02:00 CES?T, Sun 20'
like "that it was not due yet" "$(schedule list)" '^  last  not yet$'
is "lines keep to the page" "$(schedule list | awk 'length > 100')" ''
like "and programs" "$(list night '[.cron, .timezone, .next, .last] | map(tostring) | join(" ")')" \
	'^0 2 \* \* 0 Europe/Berlin 20[0-9-]+T02:00:00\+0[12]:00 null$'
like "as csv" "$(schedule list --format csv)" '^name,cron,timezone,next,then,after_that,last,state,verdict,reason'
joulerig submit night.yaml --coordinator "$ADDRESS" --keys keys >once 2>once.err
is "submit runs it once" "$(cat once)" night.1
like "and says how it is repeated" "$(cat once.err)" '^schedule: it runs once, now; to repeat it: joulerig schedule add FILE$'
fails "a word that is none" 2 schedule lst
like "the one that was meant" "$(cat "$tap_log")" "expected list, show, add, remove or run; did you mean 'list'"
fails "an unknown schedule" 2 schedule run nigt
like "the one that was meant" "$(cat "$tap_log")" "did you mean 'night'"

# ---- run ----
ok "a sweep now" schedule run night
like "its states are told" "$(paste -sd' ' "$tap_log")" 'night  queued.* night.2  done'
campaign_of() { joulerig export "$1" --what campaign "${ask[@]}"; }
like "the labels hold each time" "$(campaign_of night.2)" "why: '?weekly"
like "and the campaign can be had back with all of its schedule" "$(campaign_of night.2 | tr -s ' \n' '  ')" \
	"schedule: \{? ?cron: .0 2 \* \* 0.,? timezone: Europe/Berlin,? unless: unchanged"
is "list has it" "$(list night '.last + " " + .state')" 'night.2 done'
ok "by hand again, though nothing has changed" schedule run night
is "both are there" "$(sweeps night 'state')" 'done done'

# ---- one at a time ----
rm go
is "run --detach says the name" "$(schedule run night --detach)" night
is_running() { [ "$(list "$1" .state)" = running ]; }
ok "it runs" wait_for 60 is_running night
is "another one may wait" "$(schedule run night --detach)" night
is "it does" "$(sweeps night state)" 'done done running queued'
like "and says for whom" "$(schedule list)" 'last +queued: it waits for the end of night.4$'
fails "a third is refused" 4 schedule run night --detach
like "and told why" "$(cat "$tap_log")" 'the sweep before \(night.4\) has not ended, and another one waits'
campaign strict ', overlap: skip'
schedule add strict.yaml >/dev/null 2>&1
schedule run strict --detach >/dev/null
ok "one that may not wait begins" wait_for 60 is_running strict
fails "and there is no second" 4 schedule run strict --detach
like "and told why" "$(cat "$tap_log")" 'the sweep before \(strict.1\) has not ended$'

# ---- the coordinator is killed ----
kill_coordinator
is "list works on the file" "$(list night .state)" queued
start_coordinator
: >go
all_done() { [ "$(sweeps night state) $(sweeps strict state)" = 'done done done done done' ]; }
ok "each goes on, the one that waited begins" wait_for 120 all_done
is "none came twice" "$(sqlite3 -readonly c.db "SELECT name || '.' || number FROM campaign ORDER BY id" | paste -sd' ')" \
	'night.1 night.2 night.3 night.4 strict.1 night.5'

# ---- cancelled, changed, unchanged ----
rm go
schedule run night >follow.log 2>&1 &
follow=$!
is_sixth() { joulerig status night.6 "${ask[@]}" --format json 2>/dev/null | grep -q running; }
ok "another one" wait_for 60 is_sixth
joulerig cancel night.6 "${ask[@]}" 2>/dev/null
wait $follow
is "who follows a cancelled one exits with 1" $? 1
like "and sees why" "$(cat follow.log)" 'night.6  failed: night.6 was cancelled'
: >go

# ---- bounds ----
campaign short ', deadline: 1s'
sed -i "s/cat data; until .*done'/sleep 0.3'/; s/blocks: 3/blocks: 500/" short.yaml
schedule add short.yaml >/dev/null 2>&1
ok "a sweep ends in order at its deadline" schedule run short
like "which is told" "$(cat "$tap_log")" 'schedule: deadline 1.0 s reached'
like "it is done" "$(tail -n 1 "$tap_log")" '^short.1  done'
is "what ran stays" "$(joulerig export short.1 "${ask[@]}" | jq -r .state | sort -u | paste -sd' ')" done

start_agent beta
campaign lonely ', patience: 1s'
sed -i 's/^files/matrix: {n: [1, 2]}\nfiles/; s/cat data/cat data; true {n}/' lonely.yaml
schedule add lonely.yaml >/dev/null 2>&1
rm go
wait_for 60 grep -q 'host beta is connected' serve.log
schedule run lonely >follow.log 2>&1 &
follow=$!
both_run() { [ "$(sqlite3 -readonly c.db "SELECT count(*) FROM run WHERE state = 'running'")" = 2 ]; }
ok "a sweep on two hosts" wait_for 60 both_run
joulerig drain beta "${ask[@]}" 2>/dev/null
: >go
ok "one of which is there no more: it goes on without after the patience" wait $follow
like "which is told" "$(cat follow.log)" 'schedule: without beta \(drained\) for 1.0 s'
is "what was left for it is skipped" "$(sqlite3 -readonly c.db "SELECT h.name, r.state, count(*), max(iif(r.state = 'skipped', r.reason, '')) FROM run r JOIN host h ON h.id = r.host
	JOIN campaign c ON c.id = r.campaign WHERE c.name = 'lonely' GROUP BY 1, 2 ORDER BY 1, 2" | paste -sd' ')" \
	'alpha|done|6| beta|done|1| beta|skipped|1|schedule: without beta (drained) for 1.0 s'

# ---- hosts in maintenance ----
kill -TERM "$SERVE_PID" && wait "$SERVE_PID"
echo 'maintenance: [{hosts: [alpha, beta], cron: "* * * * *", for: 1h}]' >s.yaml
: >serve.log
joulerig serve --settings s.yaml --listen "$LISTEN" --db c.db --keys keys 2>>serve.log &
SERVE_PID=$!
wait_for 120 grep -q 'host alpha is connected' serve.log
joulerig schedule run night "${ask[@]}" 2>follow.log >/dev/null &
follow=$!
ok "who follows is told at once until when it waits" wait_for 60 grep -q 'waiting for alpha (maintenance until ' follow.log
ok "and what can be done" wait_for 60 grep -q "^Ctrl-C leaves it in the queue; 'joulerig cancel night\." follow.log
kill "$follow" && wait "$follow"
like "the sweep goes on without who follows" "$(tail -n 1 follow.log)" 'interrupted; the sweep goes on there'

# ---- without a coordinator ----
kill -TERM "$SERVE_PID" && wait "$SERVE_PID"
SERVE_PID=
fails "run needs one" 4 schedule run night
like "and says so" "$(cat "$tap_log")" "no coordinator has this store; start 'joulerig serve'"
fails "as does add" 4 schedule add night.yaml
ok "remove does not" schedule remove strict
fails "twice" 2 schedule remove strict
is "its sweep stays" "$(sweeps strict state)" done
is "the others, too" "$(schedule list --format json | jq -r '.[].name' | sort | paste -sd' ')" 'lonely night short'
done_testing
