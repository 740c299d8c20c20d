# Backups while a campaign runs, going on from one, pruning, and one coordinator for one store.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT
ask=(--quiet --keys keys)

# No run ends before `go` is there.
mkdir data && echo 'hello there' >data/words
cat >w.yaml <<YAML
campaign: work
files: [data]
matrix: {n: [1, 2, 3]}
benchmarks: {wait: {command: 'cat data/words; until [ -e $PWD/go ]; do sleep 0.05; done'}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 4}
YAML
runs() { joulerig export "$1" --db "$2" "${ask[@]}" | jq -r 'select(.state == "done") | .run' | sort -n | uniq | wc -l; }
sql() { sqlite3 -readonly "$@"; }

start_coordinator
start_agent alpha
: >go
joulerig submit w.yaml --coordinator "$ADDRESS" "${ask[@]}" >/dev/null && joulerig watch work.1 --coordinator "$ADDRESS" "${ask[@]}" 2>/dev/null
rm go
joulerig submit w.yaml --coordinator "$ADDRESS" "${ask[@]}" >/dev/null
running() { joulerig status work.2 --coordinator "$ADDRESS" "${ask[@]}" --format json | grep -q '"running"\|running'; }
ok "a campaign is going on" wait_for 120 running

# ---- the backup ----
ok "a backup is made meanwhile" joulerig backup b.db --db c.db
is "it is one file, with a folder beside it, and nothing else" "$(echo b.db*)" 'b.db b.db.d'
is "which only its owner reads" "$(stat -c %a b.db b.db.d/keys/secret-key b.db.d/keys | paste -sd' ')" '600 600 700'
is "the keys are those of the coordinator, wherever it has them" "$(cd b.db.d/keys && find . -type f | sort | paste -sd' ')" \
	"$(cd keys && find . -type f | sort | paste -sd' ')"
is "and what is shipped for the campaign that goes on" "$(find b.db.d/content -type f | wc -l)" 2
is "it is marked as closed, the store as open" "$(sql b.db 'SELECT is_clean FROM store') $(sql c.db 'SELECT is_clean FROM store')" '1 0'
is "the runs of the first campaign are there" "$(runs work.1 b.db)" 12
ok "it is whole" joulerig doctor --db b.db
fails "what is there is not replaced" 2 joulerig backup b.db --db c.db
like "and that is said" "$(cat "$tap_log")" 'b.db is there already; .*--force'
ok "but where that is wanted" joulerig backup b.db --db c.db --force --no-keys
is "then without keys, too" "$(ls b.db.d)" content
fails "the store is not replaced by itself" 2 joulerig backup c.db --db c.db --force
fails "a folder that is not there" 2 joulerig backup nowhere/b.db --db c.db
is "nothing else is left behind" "$(echo b.db* nowhere*)" 'b.db b.db.d nowhere*'
ok "with keys again" joulerig backup b.db --db c.db --force

# ---- one store, one coordinator ----
serve() { timeout -k 5 60 joulerig serve --listen tcp://127.0.0.1:0 --keys keys2 --db "$1"; }
fails "a second coordinator is refused" 4 serve c.db
like "and told who has it" "$(cat "$tap_log")" "process $SERVE_PID has this store open"
fails "as is a campaign of this machine" 4 joulerig run w.yaml --db c.db --quiet
ln -s c.db link.db
fails "through a symbolic link" 4 serve link.db
ln c.db hard.db
fails "through a hard link" 4 serve hard.db
mkdir sub && ln c.db sub/c.db
fails "in another folder" 4 serve sub/c.db
rm -f hard.db sub/c.db hard.db.lock sub/c.db.lock
mv c.db.lock away
fails "or after its lock file was removed" 4 serve c.db
like "which is said" "$(cat "$tap_log")" 'lock file that was removed'
mv away c.db.lock

# ---- going on from it ----
# The coordinator's disk is lost; what agents did since is lost with it, or comes again from them.
kill_coordinator
mkdir lost && mv c.db c.db-* c.db.d c.db.lock keys lost/ 2>/dev/null
cp -a b.db c.db && cp -a b.db.d c.db.d && cp -a b.db.d/keys keys
: >go
start_coordinator
ok "the campaign goes on from the backup, on the same agent" timeout 120 joulerig watch work.2 --coordinator "$ADDRESS" "${ask[@]}"
is "all its runs are there, once" "$(joulerig export work.2 --coordinator "$ADDRESS" "${ask[@]}" | jq -r .run | sort -n | uniq | wc -l)" 12
is "agents were not told that it is an old one" "$(grep -c 'has been replaced' agents/alpha.log)" 0
kill -TERM "$SERVE_PID" && wait "$SERVE_PID"
is "it closed its store" "$(sql c.db 'SELECT is_clean FROM store')" 1

# ---- after an unclean end ----
start_coordinator
kill_coordinator
start_coordinator
like "a store that was not closed is checked" "$(cat serve.log)" 'was not closed .* it is whole'

# ---- pruning ----
rm go
joulerig submit w.yaml --coordinator "$ADDRESS" "${ask[@]}" >/dev/null
wait_for 120 running
prune() { joulerig prune --coordinator "$ADDRESS" --keys keys --format json "$@"; }
outputs() { sql c.db "SELECT count(*) FROM output o JOIN campaign c ON c.id = o.run >> 24 WHERE c.number = $1"; }
before=$(joulerig results work.1 --coordinator "$ADDRESS" "${ask[@]}" --format json)
is "nothing is that old" "$(prune 2>prune.log | jq -s 'flatten | length')" 0
is "what would go is told" "$(prune --older-than 0s --keep 1 --dry-run 2>prune.log | jq -r '.. | .campaign? // empty')" work.1
is "and nothing goes" "$(outputs 1)" 12
is "the last one of the name is left" "$(prune --older-than 0s --keep 1 2>prune.log | jq -r '.. | .campaign? // empty')" work.1
is "outputs of the other are gone, without the coordinator's end" "$(outputs 1) $(outputs 2)" '0 12'
is "its results are what they were" "$(joulerig results work.1 --coordinator "$ADDRESS" "${ask[@]}" --format json)" "$before"
like "results say so" "$(joulerig results work.1 --coordinator "$ADDRESS" "${ask[@]}")" '^pruned at .*12 pieces of output were removed'
is "exported output is empty" "$(joulerig export work.1 --what output --coordinator "$ADDRESS" "${ask[@]}" 2>warned)" ''
like "with the reason" "$(cat warned)" 'work.1 was pruned at '
is "all others: the one that goes on is none of them" "$(prune --older-than 0s 2>prune.log | jq -r '.. | .campaign? // empty')" work.2
is "nothing is pruned twice" "$(prune --older-than 0s 2>prune.log | jq -s 'flatten | length')" 0
is "what is shipped for the one that goes on stays" "$(find c.db.d/content -type f | wc -l)" 2
: >go
ok "which has been going on" timeout 120 joulerig watch work.3 --coordinator "$ADDRESS" "${ask[@]}"
fails "nobody else may compact it" 4 prune --compact
kill -TERM "$SERVE_PID" && wait "$SERVE_PID"
SERVE_PID=
ok "without a coordinator" joulerig prune --older-than 0s --db c.db --compact
is "nothing that was shipped is needed any more" "$(find c.db.d/content -type f | wc -l)" 0
is "all that counts is there" "$(runs work.1 c.db) $(runs work.2 c.db) $(runs work.3 c.db)" '12 12 12'
is "each pruning is an event" "$(sql c.db "SELECT group_concat(campaign) FROM event WHERE kind = 'pruned'")" 1,2,3

# What a schedule will submit stays for as long as there is the schedule.
{ cat w.yaml; echo 'schedule: {cron: "0 3 1 1 *"}'; } >yearly.yaml
start_coordinator
joulerig schedule add yearly.yaml --coordinator "$ADDRESS" "${ask[@]}" >/dev/null 2>schedule.log || diag schedule.log
shipped() { find c.db.d/content -type f | wc -l; }
before=$(shipped)
unlike "a schedule keeps files" "$before" '^0$'
prune --older-than 0s >/dev/null 2>prune.log
is "they stay, for nothing else needs them" "$(shipped)" "$before"
joulerig schedule remove work --coordinator "$ADDRESS" "${ask[@]}" >/dev/null 2>schedule.log || diag schedule.log
prune --older-than 2d >/dev/null 2>prune.log
is "and when it is removed, for a day: a campaign may just be submitted with them" "$(shipped)" "$before"
prune --older-than 0s >/dev/null 2>prune.log
is "then they go" "$(shipped)" 0
kill -TERM "$SERVE_PID" && wait "$SERVE_PID"
SERVE_PID=

# Mirrors of repositories by the time of their last use.
mkdir -p c.db.d/content/git/{old,new} && touch c.db.d/content/git/{old,new}/HEAD c.db.d/content/git/new.lock
touch -d '100 days ago' c.db.d/content/git/old.lock
joulerig prune --db c.db 2>prune.log
is "a mirror that nobody uses goes" "$(cd c.db.d/content/git && echo *)" 'new new.lock'
done_testing
