# What comes to an open port, what a trusted key may say that is wrong, one key at two agents, and accidents at random: campaigns
# have exactly their runs, the coordinator answers meanwhile and keeps its size.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap 'kill $accidents 2>/dev/null; stop_cluster' EXIT
hostile() { "$BUILD/tests/hostile" "$@"; }
store() { sqlite3 -readonly c.db "$1" 2>/dev/null; }
memory() { awk '/^VmHWM/ { print $2 }' "/proc/$SERVE_PID/status"; } # KiB, the most it ever was
descriptors() { find "/proc/$SERVE_PID/fd" -mindepth 1 | wc -l; }
campaign() { # NAME HOST BLOCKS
	cat <<E
campaign: $1
hosts: {names: [$2]}
matrix: {n: [1, 2, 3]}
benchmarks: {nap: {command: [sh, -c, "sleep 0.1; echo answer {n}"], metrics: {answer: {pattern: 'answer (\\d+)'}}}}
measure: {energy: off, every: 10ms}
limits: {attempts: 50}
repeat: {warmup: 0, blocks: $3}
E
}
check() { # CAMPAIGN RUNS
	ok "$1 ends" timeout 300 joulerig watch "$1" "${ask[@]}"
	joulerig export "$1" "${ask[@]}" >runs
	is "$1: every run is there, once" "$(jq -r .run runs | sort -n | uniq | wc -l) of $(wc -l <runs)" "$2 of $2"
	is "$1: every one is done" "$(jq -r .state runs | sort -u)" "done"
	is "$1: with its own answers" "$(store "SELECT r.parameters || ' ' || m.value FROM v_run r JOIN v_metric m USING (campaign, run)
		WHERE r.campaign = '$1' AND m.name = 'answer'" | sort -u | paste -sd,)" '{"n":1} 1.0,{"n":2} 2.0,{"n":3} 3.0'
}
answers() { ok "the coordinator answers $1" timeout 60 joulerig status "${ask[@]}"; }

# The accidents go on elsewhere meanwhile: half a minute of them.
mkdir accidents
(cd accidents && exec bash "$TOP/tests/tools/accidents" 30 >out 2>&1) &
accidents=$!

start_coordinator
start_agent good
joulerig key trust mallory "$(joulerig-agent key --state mallory)" --role agent --keys keys
ask=(--coordinator "$ADDRESS" --keys keys)
port=${ADDRESS##*:}
wait_for 60 grep -q 'good is connected' serve.log
campaign good good 40 >good.yaml
campaign bait mallory 10 >bait.yaml
hostile frames "$ADDRESS" "$SERVER_KEY" mallory 1 "$RANDOM" >/dev/null # now it is a host
joulerig submit good.yaml "${ask[@]}" >/dev/null 2>&1
joulerig submit bait.yaml "${ask[@]}" >/dev/null 2>&1
before=$(descriptors)

hostile silent 127.0.0.1 "$port" 300 8 >silent &
silent=$!
hostile raw 127.0.0.1 "$port" 200 8 "$RANDOM" >raw &
raw=$!
more() { [ "$(descriptors)" -gt $((before + 100)) ]; }
ok "hundreds of connections are there" wait_for 60 more
answers "while they say nothing or talk garbage"
wait $silent $raw
as_before() { [ "$(descriptors)" -le $((before + 2)) ]; }
ok "none of them is left" wait_for 60 as_before
check good.1 120
joulerig-agent key --state stranger >/dev/null
hostile stranger "$ADDRESS" "$SERVER_KEY" stranger 2 >/dev/null
ok "who is refused again and again is told of" grep -q 'refused a peer' serve.log
ok "but does not fill the log" [ "$(grep -c 'refused a peer' serve.log)" -le 20 ]

joulerig submit good.yaml "${ask[@]}" >/dev/null 2>&1
mapfile -t ids < <(store 'SELECT lower(hex(uuid)) FROM campaign')
seed=$RANDOM
echo "# seed $seed"
hostile frames "$ADDRESS" "$SERVER_KEY" mallory 8 "$seed" "${ids[@]}" >frames &
frames=$!
sleep 3
answers "while a trusted key talks nonsense"
wait $frames
ok "there was a lot of it" [ "$(cat frames)" -gt 100 ]
hostile large "$ADDRESS" "$SERVER_KEY" mallory 3 "${ids[1]}" >large &
large=$!
sleep 1
answers "while it sends far more than it may"
wait $large
ok "that does not all stay in memory" [ "$(memory)" -lt 1000000 ]
# What it says is shown to people: a terminal must not obey it.
{ joulerig hosts "${ask[@]}" && joulerig hosts mallory "${ask[@]}" && joulerig status "${ask[@]}"; } >shown
ok "no control characters reach who looks" [ "$(cat serve.log shown | tr -d '\n\t\40-\176\200-\377' | wc -c)" = 0 ]
check good.2 120
joulerig cancel bait.1 "${ask[@]}" >/dev/null 2>&1

# A copied state directory: two agents with one key.
cp -r agents/good agents/copy
joulerig submit good.yaml "${ask[@]}" >/dev/null 2>&1
joulerig-agent --coordinator "$ADDRESS" --server-key "$SERVER_KEY" --state agents/copy --name good --drain-timeout 0s 2>agents/copy.log &
AGENT_PID[copy]=$!
check good.3 120
kill_agent copy
unset 'AGENT_PID[copy]'

# Fewer descriptors than come: none who is trusted is refused, and all goes on.
kill_coordinator
: >serve.log
bash -c 'ulimit -n 120; exec joulerig "$@"' - serve --listen "$LISTEN" --db c.db --keys keys 2>>serve.log &
SERVE_PID=$!
ok "its agent comes back to a coordinator with few descriptors" wait_for 120 grep -q 'good is connected' serve.log
joulerig submit good.yaml "${ask[@]}" >/dev/null 2>&1
hostile silent 127.0.0.1 "$port" 300 8 >silent &
silent=$!
full() { [ "$(descriptors)" -ge 119 ]; }
ok "all are taken" wait_for 60 full
joulerig key trust another "$(joulerig-agent key --state another)" --role agent --keys keys
wait $silent
ok "the coordinator answers when there are some again" tries 5 timeout 60 joulerig status "${ask[@]}"
check good.4 120
ok "the agent goes on" kill -0 "${AGENT_PID[good]}"

ok "accidents at random: nothing is lost, nothing is counted twice" wait $accidents
diag accidents/out
done_testing
