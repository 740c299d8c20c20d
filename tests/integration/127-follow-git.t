# A schedule that follows a git repository: file and contents of the commit of the day, its label, and what may be wrong with it.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
command -v git >/dev/null || skip_all "the program git is not installed"
trap stop_cluster EXIT
ask=(--db c.db --keys keys)
schedule() { timeout -k 5 120 joulerig schedule "$@" "${ask[@]}"; }
export GIT_AUTHOR_NAME=ann GIT_AUTHOR_EMAIL=ann@example.org GIT_COMMITTER_NAME=ann GIT_COMMITTER_EMAIL=ann@example.org GIT_CONFIG_GLOBAL=/dev/null
repo=$PWD/repo
git init -q -b main repo
mkdir repo/bench
cat >repo/bench/night.yaml <<YAML
campaign: night
files: [data, run.sh]
benchmarks: {a: {command: [sh, run.sh]}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 2}
schedule: {cron: "@daily", unless: unchanged, source: {git: "$repo", file: bench/night.yaml}}
YAML
echo one >repo/bench/data
echo 'cat data' >repo/bench/run.sh
commit() { git -C repo add -A && git -C repo commit -qm "$1" && git -C repo rev-parse HEAD; }
first=$(commit one)
head=${first:0:12}
# What is added is a file of its own: nothing that it ships is beside it.
mkdir here && cp repo/bench/night.yaml here/

start_coordinator
start_agent alpha

is "it is added" "$(schedule add here/night.yaml 2>added)" night
like "the commit of now is told" "$(cat added)" "^bench/night.yaml: main is $head \\($repo\\)"
fails "a repository that is not there" 4 schedule add <(sed "s,$repo,$repo/none,; s/^campaign: night/campaign: other/" here/night.yaml)
like "git says why" "$(cat "$tap_log")" "repo/none: cannot fetch it"
fails "a branch that is not there" 2 schedule add <(sed "s,bench/night.yaml},bench/night.yaml\, ref: gone}," here/night.yaml)
like "is named" "$(cat "$tap_log")" "it has no branch, tag or commit 'gone'"
fails "a file that is not there" 2 schedule add <(sed "s,bench/night.yaml},night.yaml}," here/night.yaml)
like "is named" "$(cat "$tap_log")" "main is $head, and night.yaml there: No such file"
is "nothing is kept of these" "$(schedule list --format json | jq -r '.[].name')" night

# ---- each time the commit of then ----
label() { sqlite3 -readonly c.db "SELECT json_extract(changes, '\$.labels.commit') FROM campaign WHERE name || '.' || number = '$1'"; }
ok "a sweep" schedule run night
ok "its contents are the commit's" grep -rqx one c.db.d/content
is "its label is the commit" "$(label night.1)" "$head"
echo two >repo/bench/data
second=$(commit two)
ok "another one, of another commit" schedule run night
is "has that" "$(label night.2)" "${second:0:12}"
is "and its contents" "$(sqlite3 -readonly c.db 'SELECT count(DISTINCT tree) FROM campaign')" 2

# ---- what may be wrong with it tonight ----
back() { git -C repo reset -q --hard "$second"; } # and a branch may be made to forget
echo 'campaign: [' >repo/bench/night.yaml
broken=$(commit broken)
fails "a file with mistakes" 1 schedule run night
like "fails with them, and where" "$(cat "$tap_log")" "night  failed: $repo \\(main is ${broken:0:12}\\): bench/night.yaml:[0-9]+:[0-9]+: error: "
back
git -C repo rm -q bench/data && commit gone >/dev/null
fails "what it ships is not there" 1 schedule run night
like "and named" "$(cat "$tap_log")" 'and data there: No such file'
back
sed -i 's/^campaign: night/campaign: day/' repo/bench/night.yaml && commit day >/dev/null
fails "another campaign" 1 schedule run night
like "is not taken for this one" "$(cat "$tap_log")" "bench/night.yaml there is the campaign 'day', not 'night'"
back
echo secret >outside
ln -sf "$PWD/outside" repo/bench/data && commit link >/dev/null
fails "a link that leads out of it" 1 schedule run night
like "is not followed" "$(cat "$tap_log")" 'data'
back
mv repo/bench/night.yaml repo/bench/real.yaml && ln -s real.yaml repo/bench/night.yaml && commit links >/dev/null
fails "nor is one in place of the file" 1 schedule run night
like "which is said" "$(cat "$tap_log")" 'bench/night.yaml there: it is no file'
back
is "five failed" "$(sqlite3 -readonly c.db "SELECT state FROM sweep ORDER BY id" | uniq -c | awk '{print $1, $2}' | paste -sd' ')" '2 done 5 failed'
is "and made no campaign" "$(sqlite3 -readonly c.db 'SELECT count(*) FROM campaign')" 2

# ---- its own `schedule` is that which was added ----
sed -i 's/@daily/@hourly/' repo/bench/night.yaml && commit hourly >/dev/null
ok "another cron there" schedule run night
is "changes nothing" "$(schedule list --format json | jq -r '.[].cron')" @daily
like "but is told when it is added" "$(schedule add here/night.yaml 2>&1)" 'the `schedule` of bench/night.yaml in .* is another one; that of the file that is added now is heeded'

# ---- a repository that is away for a while ----
mv repo away
schedule run night >follow.log 2>&1 &
follow=$!
waits() { grep -q 'night  queued: .*cannot fetch it' follow.log; }
ok "one that is away is waited for" wait_for 60 waits
kill_coordinator
mv away repo
start_coordinator
ok "until it is back, also by a coordinator that was killed meanwhile" wait "$follow"
is "it ran once" "$(sqlite3 -readonly c.db "SELECT state FROM sweep WHERE id > 7" | paste -sd' ') $(sqlite3 -readonly c.db 'SELECT count(*) FROM campaign')" 'done done 4'
kill -TERM "$SERVE_PID"
ok "the coordinator ends well" wait "$SERVE_PID"
SERVE_PID=
done_testing
