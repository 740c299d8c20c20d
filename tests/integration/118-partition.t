# Links that carry nothing for less than a lease, about a lease and more: every run is counted once, hosts come back by themselves,
# and the coordinator is rid of connections whose peer is out of reach. All at the same time, as the waits are long.
. "$TOP/tests/netns.sh"
. "$TOP/tests/lib.sh"
is_sanitized && skip_all "it waits for the network for minutes; the programs are built with a sanitizer"
. "$TOP/tests/cluster.sh"
LISTEN=tcp://0.0.0.0:7710
trap 'stop_hosts; stop_cluster' EXIT
# Host, way and seconds; the lease is 60 s.
cuts='1 both 10
2 up 60
3 down 60
4 link 60
5 both 80
6 link 80
7 down 80
8 none 0'
hosts=8
ask=(--coordinator tcp://127.0.0.1:7710 --keys keys)
store() { sqlite3 -readonly c.db "$1" 2>/dev/null; }
# What each host begins is written down by it: more than once is allowed where it was lost, but must not count.
cat >each.yaml <<YAML
campaign: each
hosts: {names: "h[1-8]"}
matrix: {n: [1, 2, 3]}
benchmarks: {nap: {command: [sh, -c, "echo {host.name} {n} >>$PWD/begun; sleep 0.3; echo answer {n}"], metrics: {answer: {pattern: 'answer (\\d+)'}}}}
measure: {energy: off, every: 50ms}
repeat: {warmup: 0, blocks: 12}
YAML
# Whole blocks go to whichever host is there: those of a lost host begin anew elsewhere.
cat >any.yaml <<YAML
campaign: any
hosts: {names: "h[1-8]", spread: any}
matrix: {n: [1, 2, 3]}
benchmarks: {nap: {command: [sleep, "0.5"]}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 60}
YAML
# Under way when the link is cut, over when it is mended or a little after.
cat >long.yaml <<YAML
campaign: long
hosts: {names: [h5, h6, h7]}
benchmarks: {nap: {command: [sh, -c, "echo {host.name} >>$PWD/long; sleep 75"]}}
measure: {energy: off, every: 1s}
repeat: {warmup: 0, blocks: 1}
YAML
start_coordinator
for n in $(seq $hosts); do
	make_host "$n" || fail "host $n is made"
	start_agent_on "$n" "h$n"
done
state_is() { [ "$(joulerig hosts "$1" "${ask[@]}" --format csv 2>/dev/null | sed 1d | awk -F, '{print $2}')" = "$2" ]; }
is_here() { state_is "$1" idle || state_is "$1" running; }
all_here() { for n in $(seq $hosts); do is_here "h$n" || return 1; done; }
# Connections of TCP that the coordinator holds: all but the one that listens.
connections() { find "/proc/$SERVE_PID/fd" -mindepth 1 -printf '%l\n' | grep -c '^socket:'; }
ok "all hosts are here" wait_for 120 all_here
before=$(connections)
joulerig submit long.yaml "${ask[@]}" >/dev/null
ok "long runs are under way" wait_for 60 sh -c '[ "$(wc -l <long)" = 3 ]'
joulerig submit each.yaml "${ask[@]}" >/dev/null
joulerig submit any.yaml "${ask[@]}" >/dev/null
begun() { [ "$(store "SELECT count(*) FROM v_run WHERE state = 'done'")" -ge 15 ]; }
ok "the others have begun" wait_for 60 begun
is "a connection for each" $((before >= hosts + 1)) 1

begin=$SECONDS
while read -r n way _; do [ "$way" = none ] || cut "$n" "$way"; done <<<"$cuts"
# Those that were not back after 10 s are gone for longer than a dead peer goes unnoticed.
gone() { [ "$(joulerig hosts "${ask[@]}" --format csv | grep -c ',silent,')" = 6 ]; }
given_up() { [ "$(connections)" -le 4 ]; } # who listens, h1, h8, and who asks
come_back() { # N: how long that takes is told, not judged
	local since=$SECONDS
	wait_for 60 is_here "h$1" && echo "$((SECONDS - since))" >"back.$1"
}
look() {
	ok "hosts that are out of reach are told of" wait_for 60 gone
	ok "connections to them are given up" wait_for 60 given_up
	ok "the coordinator answers meanwhile" joulerig status "${ask[@]}"
}
waiting=()
while read -r n way s; do
	[ "$way" != none ] || continue
	[ "$s" = 10 ] || [ -n "${looked-}" ] || { looked=1 && sleep $((begin + 45 - SECONDS)) && look; }
	left=$((begin + s - SECONDS))
	[ $left -le 0 ] || sleep $left
	mend "$n"
	come_back "$n" &
	waiting+=($!)
done < <(sort -sn -k3,3 <<<"$cuts")
wait "${waiting[@]}"
while read -r n way s; do
	[ "$way" = none ] || ok "h$n ($way, $s s) is back" test -s "back.$n"
	[ "$way" = none ] || echo "# after $(cat "back.$n") s"
done <<<"$cuts"
for c in long each any; do ok "$c ends" timeout 120 joulerig watch "$c.1" "${ask[@]}"; done

check() { # CAMPAIGN RUNS
	joulerig export "$1" "${ask[@]}" >runs
	is "$1: every run is there, once" "$(jq -r .run runs | sort -n | uniq | wc -l) of $(wc -l <runs)" "$2 of $2"
	is "$1: every one is done" "$(jq -r .state runs | sort | uniq -c | tr -s ' ')" " $2 done"
}
check long.1 3
check each.1 288
check any.1 180
is "each: twelve of each configuration on each host" \
	"$(joulerig export each.1 "${ask[@]}" | jq -r '[.host, .parameters.n] | join(" ")' | sort | uniq -c | awk '{print $1}' | sort -u)" 12
is "each: what was printed counts once" "$(store "SELECT count(*), sum(value) FROM v_metric WHERE name = 'answer'")" "288|576.0"
is "long: nothing was begun twice, as the agents held it" "$(sort long | uniq -c | tr -s ' ' | paste -sd,)" " 1 h5, 1 h6, 1 h7"
is "nothing is left to be done" "$(store "SELECT count(*) FROM v_run WHERE state <> 'done'")" 0
for n in $(seq $hosts); do kill -0 "${AGENT_PID[h$n]}" || fail "the agent of h$n goes on"; done
done_testing
