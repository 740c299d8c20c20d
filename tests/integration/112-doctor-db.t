# joulerig doctor: a whole store, and each thing that can be wrong with one.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

cat >d.yaml <<'YAML'
campaign: d
benchmarks: {a: {command: [echo, hello]}}
measure: {energy: off}
repeat: {warmup: 1, blocks: 5}
YAML
joulerig run d.yaml --db d.db --quiet >/dev/null
doctor() { joulerig doctor --db "${1:-d.db}" --format json; }
bad() { jq -r '.findings[] | select(.state == "bad") | .what' | sort -u | paste -sd' '; }

ok "a whole store" joulerig doctor --db d.db
like "each finding has a line" "$(cat "$tap_log")" '^file +ok +whole'
is "in JSON as well" "$(doctor | jq -r '[.findings[].state] | unique | join(" ")')" ok
is "what it looks at" "$(doctor | jq -r '[.findings[].what] | unique | join(" ")')" 'disk file lock schema size'
is "nothing is changed" "$(md5sum <d.db)" "$(doctor >/dev/null; md5sum <d.db)"
fails "no such store" 4 joulerig doctor --db none.db
fails "no such format" 2 joulerig doctor --db d.db --format csv
echo 'no store' >text.db
fails "no store at all" 1 joulerig doctor --db text.db

# broken SQL WHAT: a copy that was changed has this finding and exit status 1
broken() {
	cp d.db x.db
	sqlite3 x.db "$1"
	fails "found: $2: $1" 1 joulerig doctor --db x.db
	is "and nothing else" "$(doctor x.db | bad)" "$2"
}
broken 'UPDATE run SET host = 55 WHERE run = 3' references
broken 'UPDATE run SET result = NULL WHERE run = 3' results
broken 'DELETE FROM attempt WHERE run & 16777215 = 2' results
broken "UPDATE run SET state = 'queued', result = NULL WHERE run = 2" campaigns
broken "UPDATE output SET offset = offset + 1 WHERE run & 16777215 = 2;
	INSERT INTO output (run, attempt, stream, offset, data) SELECT run, attempt, stream, 0, x'0000' FROM output WHERE run & 16777215 = 2" output
broken "INSERT INTO sample_chunk (run, attempt, chunk, data) SELECT id, result, 1, x'00' FROM run WHERE run = 2" samples
# Of several hosts each numbers its samples by itself.
of_part="INSERT INTO sample_chunk (run, attempt, chunk, data) SELECT id, result, 3 << 24 | c.n, x'00' FROM run, (SELECT 0 AS n UNION SELECT"
broken "$of_part 2) c WHERE run = 2" samples
cp d.db x.db
sqlite3 x.db "$of_part 1) c WHERE run = 2"
ok "but samples of a second host are no hole" joulerig doctor --db x.db
cp d.db x.db
ln x.db y.db
is "a hard link" "$(doctor x.db | bad)" file
rm y.db

# ---- damage of the file ----
page=$(sqlite3 d.db "PRAGMA page_size"); root=$(sqlite3 d.db "SELECT rootpage FROM sqlite_master WHERE name = 'attempt'")
cp d.db torn.db
printf '\245%.0s' {1..64} | dd of=torn.db bs=1 seek=$(((root - 1) * page)) conv=notrunc 2>/dev/null
fails "a page of noise" 1 joulerig doctor --db torn.db
like "and what to do is said" "$(cat "$tap_log")" 'mend: .*backup.*docs/keeping\.md'
sqlite3 torn.db 'UPDATE store SET is_clean = 0'
serve() { timeout -k 5 60 joulerig serve --listen tcp://127.0.0.1:0 --keys keys2 --db "$1"; }
epoch=$(sqlite3 torn.db 'SELECT epoch FROM store')
fails "no coordinator starts on it after an unclean end" 5 serve torn.db
like "it says why, and what to do" "$(cat "$tap_log")" 'torn.db: this store is damaged: .*joulerig doctor --db torn.db.*backup.*docs/keeping\.md'
is "nothing was written to it" "$(sqlite3 torn.db 'SELECT epoch, is_clean FROM store')" "$epoch|0"
fails "a backup of it is refused" 5 joulerig backup copy.db --db torn.db
is "and none is left" "$(echo copy.db*)" 'copy.db*'
# As docs/keeping.md has it.
{
	sqlite3 torn.db .dump 2>/dev/null | sed 's/^ROLLBACK.*/COMMIT;/'
	echo 'PRAGMA user_version = 5; PRAGMA application_id = 1246906695;'
} | sqlite3 saved.db
is "what can be read of it is a store again" "$(joulerig export d --db saved.db 2>/dev/null | jq -r .state | sort | uniq -c | awk '{print $1, $2}')" '5 done'

# ---- while a coordinator holds it ----
start_coordinator
ok "a store in use" joulerig doctor --db c.db
like "it says who has it, and that it answers" "$(cat "$tap_log")" "^coordinator +ok +process $SERVE_PID answers at tcp://"
like "its keys" "$(cat "$tap_log")" '^keys +ok '
chmod 644 keys/secret-key
is "a secret that others can read" "$(doctor c.db | bad)" keys
chmod 600 keys/secret-key
kill -STOP "$SERVE_PID"
is "one that does not answer" "$(doctor c.db | bad)" coordinator
kill -CONT "$SERVE_PID"

# Results of long ago whose samples nobody looks at.
cp d.db old.db
sqlite3 old.db 'UPDATE campaign SET ended_at = ended_at - 200 * 86400 * 1000000000'
is "what could be pruned is a note" "$(doctor old.db | jq -r '.findings[] | select(.state == "note") | .what + " " + .command')" \
	'age joulerig prune --db old.db --older-than 180d'
ok "and nothing wrong" joulerig doctor --db old.db
mkdir folder.db
fails "a folder is no store" 2 joulerig results x --db folder.db
like "and told as one" "$(cat "$tap_log")" 'folder\.db is a folder; name the store.s file with --db'
fails "a coordinator does not take it, either" 2 timeout 60 joulerig serve --listen tcp://127.0.0.1:0 --db folder.db
ok "and leaves nothing beside it" test ! -e folder.db.lock
done_testing
