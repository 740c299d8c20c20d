# docs/nightly.md: its commands, with a coordinator, an agent and a receiver of webhooks.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
. "$TOP/tests/guide.sh"
command -v python3 >/dev/null || skip_all "no python3 here, which plays the receiver"
trap 'kill "${HOOK_PID:-}" 2>/dev/null; stop_cluster' EXIT
mkdir hook
"$TOP/tests/tools/webhook" hook &
HOOK_PID=$!
DB=joulerig.db
start_coordinator
start_agent lab01
wait_for 60 bash -c 'joulerig hosts --format ndjson | grep -q \"idle\"'
wait_for 60 test -s hook/port

replace blocks:\ 8 blocks:\ 2
replace https://chat.example.org/ "http://127.0.0.1:$(cat hook/port)/"
guide "$TOP/docs/nightly.md"

like "a sweep is done" "$(joulerig schedule list)" '^ +last +nightly\.1 +done: nothing compared$'
is "a test notice was sent" "$(jq -r '.notices[0].kind' hook/1.json)" test
fails "a schedule without a time is refused" 2 bash -c "sed /^schedule/d nightly.yaml >never.yaml; joulerig schedule add never.yaml"
done_testing
