# What joulerig backup refuses to write over, and what it must not leave beside a backup.
. "$TOP/tests/lib.sh"

cat >w.yaml <<'YAML'
campaign: w
benchmarks: {a: {command: [echo, hello]}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 3}
YAML
joulerig run w.yaml --db c.db --quiet >/dev/null
runs() { sqlite3 -readonly "$1" 'SELECT count(*) FROM run'; }

# ---- the store by a name that a backup uses on its way ----
for name in b.db.new b.db.d b.db.d.new b.db.d.old; do
	cp c.db "$name"
	fails "the store is $name" 2 joulerig backup b.db --db "$name" --force
	like "which is said" "$(cat "$tap_log")" "$name is the store itself"
	is "and it is as it was" "$(runs "$name")" 3
	rm -rf "$name" b.db
done
ln -s c.db b.db.new
fails "the store is what b.db.new points at" 2 joulerig backup b.db --db c.db
is "and it is as it was" "$(runs c.db)" 3
rm b.db.new

# ---- a backup that somebody went on from ----
ok "a backup" joulerig backup b.db --db c.db
joulerig run w.yaml --db b.db --quiet >/dev/null
ok "is replaced once it was closed" joulerig backup b.db --db c.db --force
is "by what the store has" "$(runs b.db)" 3
joulerig serve --listen tcp://127.0.0.1:0 --db b.db >serve.out 2>&1 &
server=$!
listens() { [ -s b.db.lock ] && [ "$(wc -l <b.db.lock)" -ge 2 ] && [ -n "$(sed -n 2p b.db.lock)" ]; }
ok "a coordinator goes on from it" wait_for 30 listens
fails "so it is not replaced" 4 joulerig backup b.db --db c.db --force
like "and that is said" "$(cat "$tap_log")" "process $server has b.db open"
kill -KILL "$server"
wait "$server" 2>/dev/null
ok "the coordinator was killed, and left its log" test -s b.db-wal
fails "so what is in it is not lost" 2 joulerig backup b.db --db c.db --force
like "and that is said, with what to do" "$(cat "$tap_log")" 'b.db-wal.*another name'
is "it can still be read" "$(runs b.db)" 3
rm b.db-wal b.db-shm
: >b.db-wal
ok "an empty log is in nobody's way" joulerig backup b.db --db c.db --force
ok "it is whole" joulerig doctor --db b.db

# ---- campaigns that were cancelled ----
mkdir -p data && echo hello >data/words
{ sed 's/^campaign: w/&2/' w.yaml; echo 'files: [data]'; } >w2.yaml
joulerig run w2.yaml --db c.db --quiet >/dev/null
sqlite3 c.db "UPDATE campaign SET state = 'cancelled' WHERE name = 'w2'"
is "files were shipped for one" "$(find c.db.d/content -type f | wc -l)" 2
ok "that was cancelled" joulerig backup c2.db --db c.db
is "and needs them no more" "$(find c2.db.d/content -type f 2>/dev/null | wc -l)" 0

# ---- before a newer release brings it up to date ----
sqlite3 c.db 'DROP VIEW v_run; DROP VIEW v_metric; DROP VIEW v_series; DROP VIEW v_requirement; DROP TABLE delivery; DROP TABLE notice;
	DROP TABLE sweep; DROP TABLE part; DROP TABLE lane_part;
	DROP TABLE clock; ALTER TABLE store DROP COLUMN is_clean; ALTER TABLE host DROP COLUMN admission;
	ALTER TABLE host DROP COLUMN admission_reason; ALTER TABLE host DROP COLUMN admission_at;
	ALTER TABLE campaign DROP COLUMN priority; ALTER TABLE campaign DROP COLUMN pruned_at; PRAGMA user_version = 3'
ok "a store of the schema before" joulerig backup old.db --db c.db
is "is copied as it is" "$(sqlite3 old.db 'PRAGMA user_version')" 3
ok "it is whole" joulerig doctor --db old.db
is "it says what the store says" "$(joulerig export w --db old.db)" "$(joulerig export w --db c.db)"
ok "and is gone on from" joulerig run w.yaml --db old.db --quiet
is "with all in it" "$(runs old.db) $(sqlite3 old.db 'SELECT is_clean FROM store')" '9 1'
done_testing
