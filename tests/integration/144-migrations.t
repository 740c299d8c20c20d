# Stores as the releases of every schema before left them (tests/stores/schema-N.sql) are brought up to date by `serve`, and say
# after that what they said before; who only reads takes them as they are; a newer one is refused.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT
last=$(sed -n 's/^static const char migration_\([0-9]*\)\[\].*/\1/p' "$TOP/coordinator/store/schema.c" | tail -n 1)
sql() { sqlite3 -readonly "$@"; }
# All that was measured, by the views that the release itself made, and what became of each run.
values() {
	sql "$1" 'SELECT campaign, run, name, value, unit, uncertainty, deviation FROM v_metric ORDER BY 1, 2, 3;
		SELECT campaign, run, block, host, benchmark, parameters, state, attempt, started_at, exit_code, flags, reason FROM v_run ORDER BY 1, 2;
		SELECT c.name, c.number, c.state, c.total, c.submitted_at, c.ended_at, c.done, c.failed, c.skipped, c.file, c.yaml FROM campaign c ORDER BY 1, 2;
		SELECT run, attempt, stream, offset, hex(data) FROM output ORDER BY 1, 2, 3, 4; SELECT name, key, seen_at FROM host ORDER BY 1;
		SELECT at, campaign, host, run, kind, text FROM event ORDER BY id; SELECT hex(id) FROM store'
}
# What is shown of it.
shown() {
	joulerig results kept.1 --db "$1" --format json
	joulerig results kept.2 --db "$1"
	joulerig compare kept.1 kept.2 --db "$1" --format json
	joulerig runs kept.2 --db "$1" --format csv
	joulerig export kept.1 --db "$1"
	joulerig export kept.2 --db "$1" --what output
	joulerig hosts --db "$1" --format csv
} 2>&1

for n in $(seq 1 $((last - 1))); do
	[ -f "$TOP/tests/stores/schema-$n.sql" ] || { fail "a store of schema $n is in tests/stores"; continue; }
	db=s$n.db
	sqlite3 "$db" <"$TOP/tests/stores/schema-$n.sql" >/dev/null
	is "schema $n: it is one" "$(sql "$db" 'PRAGMA user_version')" "$n"
	values "$db" >"before.$n"
	like "schema $n: there is something in it" "$(grep -c '|time|' "before.$n") $(grep -c '|took|' "before.$n")" '^16 8$'
	before=$(md5sum <"$db")
	if [ "$n" -ge 2 ]; then
		shown "$db" >"shown.$n"
		is "schema $n: who only reads leaves it as it is" "$(md5sum <"$db")" "$before"
		like "schema $n: and sees what there is" "$(cat "shown.$n")" '"took"'
	else
		fails "schema $n: it cannot be read as it is" 2 joulerig results kept --db "$db"
		like "schema $n: it says what to do" "$(cat "$tap_log")" "made by an older joulerig \(schema $n of $last\); .joulerig serve --db $db. brings it up to date"
	fi
	ok "schema $n: a coordinator takes it" eval "DB=$db start_coordinator"
	like "schema $n: it shows its results" "$(joulerig results kept.1 --coordinator "$ADDRESS" --keys keys 2>&1)" '^sum on lab1'
	kill -TERM "$SERVE_PID"; wait "$SERVE_PID" 2>/dev/null
	is "schema $n: it is of this release now" "$(sql "$db" 'PRAGMA user_version')" "$last"
	is "schema $n: everything is as it was" "$(values "$db" | diff "before.$n" - | head -n 5)" ''
	[ "$n" -lt 2 ] || is "schema $n: so is all that is shown" "$(shown "$db" | diff "shown.$n" - | head -n 5)" ''
	ok "schema $n: the doctor finds it whole" joulerig doctor --db "$db"
	is "schema $n: its tables are those of a new store" "$(tables() { sql "$1" "SELECT m.name, p.name, p.type, p.\"notnull\", p.pk FROM sqlite_master m, pragma_table_info(m.name) p
		WHERE m.type IN ('table', 'view') ORDER BY 1, 2"; }; [ -e new.db ] || echo 'campaign: n
benchmarks: {a: {command: [/bin/true]}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 1}' | joulerig run /dev/stdin --db new.db --quiet >/dev/null 2>&1; tables "$db" | diff <(tables new.db) - | head -n 5)" ''
done

# It is gone on from, and compared with.
cat >kept.yaml <<'YAML'
campaign: kept
labels: {of: after}
matrix: {size: [1, 2]}
benchmarks:
  sum:
    command: 'seq {size}0000 | sort -n | tail -n 1; echo took {size}'
    metrics: {took: {pattern: 'took (?<value>[0-9.]+)', unit: s, better: lower}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 2}
YAML
ok "the oldest is gone on from" joulerig run kept.yaml --db s1.db --quiet
is "its next number is the next" "$(sql s1.db "SELECT group_concat(number || ' ' || state, ';') FROM campaign")" '1 done;2 done;3 done'
ok "new and old are compared" joulerig export kept --db s1.db

# ---- newer ----
cp s$((last - 1)).db newer.db
sqlite3 newer.db "PRAGMA user_version = $((last + 1))"
before=$(md5sum <newer.db)
fails "a newer one is not served" 2 timeout 60 joulerig serve --listen tcp://127.0.0.1:0 --db newer.db --keys keys
like "it says what to do" "$(cat "$tap_log")" "newer.db: made by a newer joulerig \(schema $((last + 1)), this program knows up to $last\); update joulerig"
fails "nor read" 2 joulerig results kept --db newer.db
is "nor changed" "$(md5sum <newer.db)" "$before"
done_testing
