# A link that does not carry the samples: they are thinned and the result says so; nothing else is lost, the host stays there.
. "$TOP/tests/lib.sh"
is_sanitized && skip_all "it waits for a slow link for a minute; the programs are built with a sanitizer"
. "$TOP/tests/cluster.sh"
command -v python3 >/dev/null || skip_all "python3 is not installed"
trap stop_cluster EXIT

# Carries from port 1 to port 2 so many bytes a second (a file says how many), and all back.
cat >slow.py <<'PY'
import select, socket, sys, time

port = int(sys.argv[1])
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    near = listener.accept()[0]
    far = socket.create_connection(("127.0.0.1", port))
    near.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    free_at = time.monotonic()
    try:
        while True:
            wait = free_at - time.monotonic()
            ready = select.select([far] if wait > 0 else [near, far], [], [], max(wait, 0) or None)[0]
            if far in ready:
                data = far.recv(65536)
                if not data:
                    break
                near.sendall(data)
            if near in ready:
                data = near.recv(2048)
                if not data:
                    break
                far.sendall(data)
                free_at = time.monotonic() + len(data) / float(open("rate").read())
    except OSError:
        pass
    near.close()
    far.close()
PY
cat >s.yaml <<YAML
campaign: slow
benchmarks:
  nap: {command: 'until [ -e $PWD/enough ]; do sleep 0.1; done; echo answer 42', metrics: {answer: {pattern: 'answer (\d+)'}}}
measure: {energy: off, every: 1ms}
repeat: {warmup: 0, blocks: 2}
YAML

start_coordinator
echo 2500 >rate
python3 slow.py "${ADDRESS##*:}" >slow.port 2>slow.log &
SLOW=$!
trap 'kill $SLOW 2>/dev/null; stop_cluster' EXIT
wait_for 60 test -s slow.port
direct=$ADDRESS
ADDRESS=tcp://127.0.0.1:$(cat slow.port)
start_agent alpha
ADDRESS=$direct
joulerig submit s.yaml --coordinator "$ADDRESS" --keys keys >/dev/null
# Long enough for more samples than may wait.
store() { sqlite3 -readonly c.db "$1" 2>/dev/null; }
sampled() { [ "$(store 'SELECT count(*) FROM sample_chunk')" -ge 4 ]; }
ok "samples come" wait_for 300 sampled
sleep 30
touch enough
echo 1000000 >rate
ok "the campaign ends" joulerig watch slow.1 --coordinator "$ADDRESS" --keys keys
is "with both runs" "$(store "SELECT count(*) FROM v_run WHERE state = 'done' AND attempt = 1")" 2
is "and what they printed" "$(store "SELECT group_concat(value) FROM v_metric WHERE name = 'answer'")" "42.0,42.0"
ok "samples were left out" [ "$(store 'SELECT max(thinned) FROM run')" -gt 0 ]
like "and the run says so" "$(joulerig export slow.1 --coordinator "$ADDRESS" --keys keys | jq -c .flags)" samples_thinned
is "what came has no gap in its numbers" \
	"$(store 'SELECT count(*) FROM (SELECT max(chunk) + 1 - count(*) AS gap FROM sample_chunk GROUP BY run) WHERE gap <> 0')" 0
is "the host was never silent" "$(grep -c silent serve.log)" 0
done_testing
