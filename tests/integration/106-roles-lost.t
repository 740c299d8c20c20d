# Server and client on several hosts when something is lost: an agent, or the coordinator; every run is done exactly once, and
# nothing of an attempt that was given up stays.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

# The server says who serves, and waits for its end; the client waits for a file where it is told to.
cat >pair.yaml <<YAML
campaign: pair
matrix: {n: [1, 2]}
benchmarks:
  pair:
    roles:
      server:
        command: [/bin/sh, -c, 'echo ready {n}; echo \$\$ >>$PWD/servers; sleep 600 & wait']
        ready: {pattern: '^ready {n}\$'}
      client:
        command: [/bin/sh, -c, 'echo {hosts.server.address}; echo begun >>$PWD/begun; while [ -e $PWD/hold ]; do sleep 0.1; done']
    main: client
hosts: {spread: any}
measure: {energy: off}
repeat: {warmup: 1, blocks: 6}
limits: {timeout: 5min}
YAML
begun() { [ "$(grep -c . begun 2>/dev/null)" -ge "$1" ]; }
idle() { joulerig hosts --coordinator "$ADDRESS" --keys keys | grep -c idle | grep -qx "$1"; }
no_server() { for p in $(cat servers); do [ ! -d "/proc/$p" ] || ! grep -q servers "/proc/$p/cmdline" 2>/dev/null || return 1; done; }

: >servers; : >begun; : >hold
start_coordinator
for host in alpha beta gamma; do start_agent $host; done
wait_for 60 idle 3
ok "submitted" joulerig submit pair.yaml --coordinator "$ADDRESS" --keys keys

# An agent is killed while its part runs: the run is lost for both, and begins again.
wait_for 120 begun 1
victim=$(joulerig hosts --coordinator "$ADDRESS" --keys keys | awk '/pair.1 run/ {print $1; exit}')
like "two hosts have the run" "$(joulerig hosts --coordinator "$ADDRESS" --keys keys | grep -c 'pair.1 run')" '^2$'
kill_agent "$victim"
start_agent "$victim"
ok "it begins again" wait_for 120 begun 2

# The coordinator is killed while both parts run: it calls them off, and they begin anew.
kill_coordinator
start_coordinator
ok "and again with a coordinator that was started anew" wait_for 120 begun 3
rm hold
ok "the campaign ends" joulerig watch pair.1 --coordinator "$ADDRESS" --keys keys
joulerig export pair.1 --coordinator "$ADDRESS" --keys keys >runs
is "each configuration has each block once, on hosts that run together" "$(jq -r 'select(.block > 0) | [.block, .parameters.n, .state] | join(" ")' runs | sort | uniq -c | awk '{print $1, $4}' | sort | uniq -c | awk '{$1=$1; print}')" "12 1 done"
is "all of a block on the same ones" "$(jq -r 'select(.block > 0) | [.block, .host] | join(" ")' runs | sort -u | wc -l)" 6
ok "no server is left" wait_for 60 no_server
ok "all hosts are idle again" wait_for 60 idle 3
done_testing
