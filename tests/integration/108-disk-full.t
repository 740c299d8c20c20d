# The disk of the coordinator's store is full in the middle of a campaign: it says so, loses nothing, and goes on when there is room.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
. "$TOP/tests/small_disk.sh"
small_disk disk 96m || skip_all "no file system can be mounted here"
trap stop_cluster EXIT
DB=disk/c.db

# No more runs than `most` says end until it says more. Each leaves 100 KB in the store.
at_most() { : >begun; echo "$1" >most; }
any_number() { echo 1000000 >most; }
cat >full.yaml <<YAML
campaign: full
benchmarks:
  loud:
    command: 'head -c 100000 /dev/urandom | base64 -w 0; echo >>$PWD/begun; until [ \$(wc -l <$PWD/begun) -le \$(cat $PWD/most) ]; do sleep 0.05; done'
measure: {energy: off}
repeat: {warmup: 0, blocks: 80}
YAML
at=(--coordinator) # once it is known
done_runs() { joulerig export full.1 "${at[@]}" 2>/dev/null | jq -r 'select(.state == "done") | .run' | wc -l; }
at_least() { [ "$(done_runs)" -ge "$1" ]; }
in_trouble() { joulerig status "${at[@]}" | grep -q 'no space left on device'; }
in_order() { joulerig status "${at[@]}" >out && ! grep -q 'IN TROUBLE' out; }

start_coordinator
at=(--coordinator "$ADDRESS" --keys keys)
start_agent alpha
at_most 5
joulerig submit full.yaml "${at[@]}" >/dev/null
ok "it has begun" wait_for 120 at_least 3
joulerig watch full.1 "${at[@]}" 2>watch.log &
watch=$!
wait_for 120 grep -q 'full.1' watch.log
fill disk
any_number
ok "status tells that the disk is full" wait_for 120 in_trouble

like "in its first line, for people" "$(joulerig status "${at[@]}" | head -n 1)" '^IN TROUBLE: nothing can be stored'
like "with the file, the reason, the room, and what follows" "$(joulerig status "${at[@]}")" \
	'^store: disk/c\.db: no space left on device; .* free on /.*/disk, 4[.0]* MiB must be; trying again every 5 s$'
like "campaigns and hosts are told as last known" "$(joulerig status full "${at[@]}")" '^full\.1 .* 80 '
like "beside what programs read" "$(joulerig status --format csv "${at[@]}" 2>&1 >/dev/null)" 'store: disk/c\.db: no space left'
like "hosts tells it" "$(joulerig hosts "${at[@]}")" 'no space left'
like "also by the store's name, as it is still held" "$(joulerig status --db disk/c.db)" 'no space left'
ok "watch tells it" wait_for 60 grep -q 'no space left' watch.log
fails "what needs the store says that it is unavailable" 4 joulerig results full.1 "${at[@]}"
like "and why" "$(cat "$tap_log" 2>/dev/null; joulerig submit full.yaml "${at[@]}" 2>&1)" 'no space left on device; .*; trying again every 5 s'
ok "the coordinator lives" kill -0 "$SERVE_PID"
ok "the agent lives" kill -0 "${AGENT_PID[alpha]}"

make_room disk
ok "with room again it is in order by itself" wait_for 120 in_order
wait "$watch"
is "watch has followed it to its end" $? 0
joulerig export full.1 "${at[@]}" >runs
is "every run is there, once" "$(jq -r .run runs | sort -n | uniq | wc -l) of $(wc -l <runs)" "80 of 80"
is "and done" "$(jq -r .state runs | sort -u)" done
is "its output is whole" "$(sqlite3 -readonly disk/c.db "SELECT count(*), min(n), max(n) FROM (SELECT sum(length(data)) AS n FROM output GROUP BY run)")" "80|133336|133336"
is "trouble was logged when it came, and its end" "$(grep -c 'no space left' serve.log) $(grep -c 'can be written to again' serve.log)" "1 1"
kill -TERM "$SERVE_PID"
wait "$SERVE_PID"
is "the store is whole" "$(sqlite3 disk/c.db 'PRAGMA quick_check')" ok

# At the start.
fill disk
fails "a coordinator does not start there" 4 joulerig serve --listen tcp://127.0.0.1:0 --db disk/new.db --keys keys
make_room disk

# Within `joulerig run`.
at_most 5
joulerig run full.yaml --db disk/here.db --quiet >/dev/null 2>run.log &
run=$!
here_done() { [ "$(sqlite3 -readonly disk/here.db "SELECT count(*) FROM v_run WHERE state = 'done'" 2>/dev/null)" -ge "$1" ]; }
ok "run has begun" wait_for 120 here_done 3
fill disk
any_number
ok "run tells it, also with --quiet" wait_for 120 grep -q 'store: disk/here.db: no space left on device' run.log
make_room disk
wait $run
is "run goes on to its end" $? 0
is "with every run" "$(sqlite3 -readonly disk/here.db "SELECT count(*), count(DISTINCT run), min(state) FROM v_run")" "80|80|done"

at_most 5
joulerig run full.yaml --db disk/here.db --quiet >/dev/null 2>run.log &
run=$!
here_done_2() { here_done 83; }
ok "run has begun again" wait_for 120 here_done_2
fill disk
any_number
ok "it waits for room" wait_for 120 grep -q 'no space left on device' run.log
kill -INT $run
wait $run
is "and can be interrupted" $? 130
make_room disk
ok "and resumed" joulerig resume full.2 --db disk/here.db
is "with every run, again" "$(sqlite3 -readonly disk/here.db "SELECT count(*), min(state) FROM v_run")" "160|done"
done_testing
