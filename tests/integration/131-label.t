# Labels of a submission, told afterwards: with a coordinator, while it runs, and in a file that nobody has.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

cat >c.yaml <<'YAML'
campaign: named
labels: {reason: nightly, team: a}
benchmarks: {prog: {command: ['true']}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 1}
YAML
labels() { at status "$1" | sed -n 's/^labels: //p'; }

start_coordinator
start_agent alpha
label=$(at submit c.yaml --label commit=one 2>/dev/null)
is "status shows labels" "$(labels named.1)" 'reason=nightly, team=a, commit=one'
is "label says nothing" "$(at label named commit=two owner=x 2>&1)" ''
is "changes and adds" "$(labels named.1)" 'reason=nightly, team=a, commit=two, owner=x'
at label named.1 team= owner=
is "takes away, also of the file's" "$(labels named.1 | tr , '\n' | sort | tr -d '\n ')" 'commit=tworeason=nightly'
is "as an event each" "$(sqlite3 c.db "SELECT group_concat(text, ';') FROM event WHERE kind = 'label'")" 'commit=two owner=x;team= owner='
at watch "$label" 2>/dev/null
at submit c.yaml >/dev/null 2>&1; at watch named.2 2>/dev/null
at label named.2 commit=three
like "trend has the new commit" "$(at trend named --metric time 2>/dev/null; at trend named --metric time --format ndjson 2>/dev/null)" 'three|named\.2'
fails "without a value" 2 joulerig label named.1 commit --coordinator "$ADDRESS" --keys keys
fails "without a key" 2 joulerig label named.1 =x --coordinator "$ADDRESS" --keys keys
fails "of nothing" 2 joulerig label other.1 a=b --coordinator "$ADDRESS" --keys keys
fails "a viewer may not" 4 joulerig label named.1 a=b --coordinator "$ADDRESS" --server-key "$SERVER_KEY"
joulerig export named.1 --what runs --format ndjson --coordinator "$ADDRESS" --keys keys >runs.ndjson 2>/dev/null
kill_coordinator
joulerig label named.1 commit=four --db c.db
like "where nobody has the store" "$(joulerig status named.1 --db c.db)" 'labels: .*commit=four'
like "export writes them" "$(joulerig export named.1 --what campaign --db c.db)" 'commit: .?four'
joulerig import runs.ndjson --as got --db c.db >/dev/null 2>&1
ok "one that was imported has labels, too" joulerig label got.1 commit=five --db c.db
done_testing
