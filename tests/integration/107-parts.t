# What an agent does for one program of several, in whole campaigns: addresses, steps around it, the end of a stubborn server,
# a cancellation in the middle, collected files, a coordinator that is killed while a server runs.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

submit() { joulerig submit "$1.yaml" --coordinator "$ADDRESS" --keys keys >/dev/null 2>submit.log; }
watch() { joulerig watch "$1" --coordinator "$ADDRESS" --keys keys >/dev/null; }
runs() { joulerig export "$1" --coordinator "$ADDRESS" --keys keys; }
# Processes whose environment has a mark.
marked() { grep -lz "^MARK=$1\$" /proc/[0-9]*/environ 2>/dev/null | wc -l; }
none_marked() { [ "$(marked "$1")" = 0 ]; }
some_marked() { [ "$(marked "$1")" -gt 0 ]; }

start_coordinator
start_agent alpha --address 192.0.2.7
start_agent beta
both_idle() { [ "$(joulerig hosts --coordinator "$ADDRESS" --keys keys | grep -c idle)" = 2 ]; }
wait_for 60 both_idle

head() { # NAME
	cat <<YAML
campaign: $1
measure: {energy: off}
repeat: {warmup: 0, blocks: 2}
limits: {timeout: 100s}
YAML
}

{
	head addresses
	cat <<'YAML'
benchmarks:
  where:
    prepare: {command: "echo prepared > {tmp}/state", timeout: 60s}
    cleanup: {command: "test -f {tmp}/state", timeout: 60s}
    roles:
      server:
        hosts: {names: [alpha]}
        command: [/bin/sh, -c, 'cat "$TMPDIR/state"; echo "I am $SELF, she is $OTHER"; exec sleep 1000']
        env: {SELF: "{hosts.server.address}", OTHER: "{hosts.client.address}"}
        ready: {pattern: '^I am', timeout: 100s}
      client:
        hosts: {names: [beta]}
        command: [/bin/sh, -c, 'cat "$TMPDIR/state"; echo "to $0"', "{hosts.server.address}:7000"]
    main: client
    metrics:
      server_is: {pattern: 'to (\S+)', role: client, expect: {value: "192.0.2.7:7000"}}
      says: {pattern: '(I am \S+ she is \S+)', role: server, expect: {value: "I am 192.0.2.7, she is 127.0.0.1"}}
      before: {pattern: '^(prepared)$', role: server, expect: {value: prepared}}
YAML
} >addresses.yaml
ok "a campaign that names addresses is taken" submit addresses
ok "and each program gets them, and what was prepared for it" watch addresses.1
is "nothing failed" "$(runs addresses.1 | jq -r '[.state, (.flags | index("cleanup_failed"))] | join(" ")' | sort -u)" "done "

{
	head stubborn
	cat <<'YAML'
benchmarks:
  stay:
    roles:
      server:
        hosts: {names: [alpha]}
        command: [/bin/sh, -c, 'trap "" TERM; (trap "" TERM; sleep 1000 & sleep 1000) & echo up; sleep 1000']
        env: {MARK: stubborn}
        ready: {pattern: '^up$', timeout: 100s}
      client: {hosts: {names: [beta]}, command: [/bin/true]}
    main: client
YAML
} >stubborn.yaml
submit stubborn
ok "a server that does not end by SIGTERM is no failure" watch stubborn.1
is "all runs are done" "$(runs stubborn.1 | jq -r .state | sort | uniq -c | awk '{$1=$1; print}')" "2 done"
ok "nothing of it is left" none_marked stubborn

{
	head cancelled
	cat <<'YAML'
benchmarks:
  long:
    roles:
      server:
        hosts: {names: [alpha]}
        command: [/bin/sh, -c, 'echo up; exec sleep 1000']
        env: {MARK: cancelled}
        ready: {pattern: '^up$', timeout: 100s}
      client: {hosts: {names: [beta]}, command: [sleep, "1000"], env: {MARK: client}}
    main: client
YAML
} >cancelled.yaml
submit cancelled
ok "both programs run" wait_for 60 some_marked client
ok "the server, too" some_marked cancelled
ok "cancelled meanwhile" joulerig cancel cancelled.1 --coordinator "$ADDRESS" --keys keys
ok "both programs are ended" wait_for 60 sh -c "! grep -lz -e '^MARK=client\$' -e '^MARK=cancelled\$' /proc/[0-9]*/environ 2>/dev/null | grep -q ."
ok "and both hosts are free" wait_for 60 both_idle

# The server goes on and is ended in order by the coordinator that comes after: it knew of both parts.
sed 's/cancelled/restarted/g; s/\[sleep, "1000"\]/[sleep, "3"]/; s/MARK: client/MARK: after/; s/blocks: 2/blocks: 1/' cancelled.yaml >restarted.yaml
submit restarted
ok "a run of two is under way" wait_for 60 some_marked after
kill_coordinator
start_coordinator
ok "the campaign comes to its end with another coordinator" watch restarted.1
is "its run is done, once" "$(runs restarted.1 | jq -r .state)" "done"
ok "and nothing of it is left" wait_for 60 none_marked restarted
done_testing
