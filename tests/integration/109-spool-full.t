# The disk of an agent is full in the middle of a campaign: its result waits in memory, no run begins, hosts tells why, and all goes
# on when there is room.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
. "$TOP/tests/small_disk.sh"
small_disk agents 64m || skip_all "no file system can be mounted here"
trap stop_cluster EXIT

# A result is as large as `size` says. No more runs than `most` says end until it says more.
at_most() { : >begun; echo "$1" >most; }
any_number() { echo 1000000 >most; }
cat >spool.yaml <<YAML
campaign: spool
benchmarks:
  loud:
    command: 'head -c \$(cat $PWD/size) /dev/urandom | base64 -w 0; echo >>$PWD/begun; until [ \$(wc -l <$PWD/begun) -le \$(cat $PWD/most) ]; do sleep 0.05; done'
limits: {output: 8MiB}
measure: {energy: off}
repeat: {warmup: 0, blocks: 12}
YAML
done_runs() { joulerig export spool.1 "${at[@]}" 2>/dev/null | jq -r 'select(.state == "done") | .run' | wc -l; }
at_least() { [ "$(done_runs)" -ge "$1" ]; }
in_trouble() { joulerig hosts --format csv "${at[@]}" | grep -q 'spool: .*No space left on device'; }

echo 75000 >size
start_coordinator
at=(--coordinator "$ADDRESS" --keys keys)
start_agent alpha
at_most 4
joulerig submit spool.yaml "${at[@]}" >/dev/null
ok "it has begun" wait_for 120 at_least 3
begun_5() { [ "$(wc -l <begun)" = 5 ]; }
wait_for 120 begun_5
fill agents
echo 4500000 >size # more than the file that the spool has from its start
any_number
ok "hosts tells that the spool is full" wait_for 120 in_trouble
like "status tells it, too" "$(joulerig status "${at[@]}")" 'No space left on device'
ok "the agent lives" kill -0 "${AGENT_PID[alpha]}"
is "no run was begun after the one whose result waits" "$(wc -l <begun)" 6
make_room agents
ok "with room again it goes on by itself" joulerig watch spool.1 "${at[@]}"
joulerig export spool.1 "${at[@]}" >runs
is "every run is there, once" "$(jq -r .run runs | sort -n | uniq | wc -l) of $(wc -l <runs)" "12 of 12"
is "and done, at the first attempt" "$(jq -r '[.state, .attempt] | join(" ")' runs | sort -u)" "done 1"
is "its output is whole" "$(sqlite3 -readonly c.db "SELECT count(*), min(n), max(n) FROM (SELECT sum(length(data)) AS n FROM output GROUP BY run)")" "12|100000|6000000"
is "its end was logged" "$(grep -c 'can be written to again' agents/alpha.log)" 1 # not its beginning: the log is on that disk
is "the coordinator logged both" "$(grep -c 'can take no runs now' serve.log) $(grep -c 'takes runs again' serve.log)" "1 1"
unlike "hosts has forgotten it" "$(joulerig hosts --format csv "${at[@]}")" 'No space left'

# Told to end while a result waits in memory, the agent stays until that is on disk.
gone() { ! kill -0 "${AGENT_PID[$1]}" 2>/dev/null; }
kill -TERM "${AGENT_PID[alpha]}"
wait_for 120 gone alpha
echo 75000 >size
at_most 3
start_agent beta --drain-timeout 100s
joulerig submit spool.yaml "${at[@]}" >/dev/null
begun_4() { [ "$(wc -l <begun)" = 4 ]; }
ok "the next has begun" wait_for 120 begun_4
fill agents
echo 4500000 >size
any_number
ok "the spool is full again" wait_for 120 in_trouble
kill -TERM "${AGENT_PID[beta]}"
sleep 1
ok "the agent stays, as it has a result in memory alone" kill -0 "${AGENT_PID[beta]}"
make_room agents
ok "and goes when that is kept" wait_for 120 gone beta
start_agent beta
ok "the rest is done" joulerig watch spool.2 "${at[@]}"
is "each was run once, what had waited too" "$(wc -l <begun)" 12
done_testing
