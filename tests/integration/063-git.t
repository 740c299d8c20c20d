# Sources from git: each submission resolves its refs to commits, and ships their files.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap stop_cluster EXIT

export GIT_CONFIG_GLOBAL=$PWD/gitconfig
git config --file gitconfig user.name tester
git config --file gitconfig user.email tester@example.org
git config --file gitconfig init.defaultBranch main
commit() { git -C repo add -A && git -C repo commit -qm "$1" && git -C repo rev-parse HEAD; }
git init -q repo
mkdir repo/bin && printf '#!/bin/sh\necho one\n' >repo/bin/say && chmod 755 repo/bin/say && ln -s bin/say repo/link
first=$(commit one)
git -C repo tag v1
printf '#!/bin/sh\necho two\n' >repo/bin/say
second=$(commit two)

cat >c.yaml <<YAML
campaign: sources
files:
  - local
  - {git: "file://$PWD/repo", ref: v1, as: old}
  - {git: "file://$PWD/repo", as: third/new}
benchmarks:
  old: {command: [old/bin/say], metrics: {said: {pattern: '(one|two|three)', expect: {value: one}}}}
  new: {command: [sh, third/new/link], metrics: {said: {pattern: '(one|two|three)', expect: {value: two}}}}
  local: {command: [cat, local], metrics: {said: {pattern: '(here)', expect: {value: here}}}}
measure: {energy: off}
repeat: {warmup: 0, blocks: 1}
YAML
echo here >local

joulerig run c.yaml --db run.db >run.out 2>run.err
is "a campaign with git sources runs embedded" "$?" 0
like "the user is told the commit of a tag" "$(cat run.err)" "old: v1 is ${first:0:12}"
like "and that of HEAD" "$(cat run.err)" "third/new: HEAD is ${second:0:12}"
is "every program was there" "$(joulerig export --db run.db | jq -r '[.benchmark, .state] | join(" ")' | sort | tr '\n' ';')" \
	"local done;new done;old done;"
is "the commits are kept with the campaign" \
	"$(sqlite3 run.db "select changes from campaign" | jq -r '.sources[] | [.as, .ref, .commit] | join(" ")' | tr '\n' ';')" \
	"old v1 $first;third/new HEAD $second;"
is "and are events" "$(joulerig export --what events --db run.db | jq -r 'select(.kind == "source") | .text' | wc -l)" 2

start_coordinator
start_agent alpha
at() { "$@" --coordinator "$ADDRESS" --keys keys; }
printf '#!/bin/sh\necho three\n' >repo/bin/say
third=$(commit three)
like "the next submission resolves anew" "$(at joulerig submit c.yaml 2>&1)" "third/new: HEAD is ${third:0:12}"
at joulerig watch sources.1 2>/dev/null
is "and runs what is there now" "$(at joulerig export sources.1 | jq -r '[.benchmark, .state] | join(" ")' | sort | tr '\n' ';')" \
	"local done;new failed;old done;"
mv repo gone
sed "s/ref: v1/ref: $first/; /third/d; /new:/d" c.yaml >pinned.yaml
like "a commit that is here needs no repository" "$(at joulerig submit pinned.yaml 2>&1)" "old: $first is ${first:0:12}"
fails "a repository that is not there refuses the submission" 4 joulerig submit c.yaml --coordinator "$ADDRESS" --keys keys
like "in git's own words" "$(at joulerig submit c.yaml 2>&1)" 'cannot fetch it:.*|fatal: .*repo'
mv gone repo

source() { sed "s|{git: .*v1, as: old}|$1|; /third/d; /new:/d" c.yaml >bad.yaml; at joulerig submit bad.yaml 2>&1; }
like "an unknown ref is said" "$(source "{git: \"file://$PWD/repo\", ref: nowhere, as: old}")" "it has no branch, tag or commit 'nowhere'"
like "a transport that is a command is refused" "$(source '{git: "ext::sh -c touch% pwned", as: old}')" "is not fetched"
like "an unknown transport as well" "$(source '{git: "ftp://example.org/x", as: old}')" "is not fetched"
like "an option is no address" "$(source '{git: "--upload-pack=touch pwned", as: old}')" "is not fetched"
like "nor is one a ref" "$(source "{git: \"file://$PWD/repo\", ref: --output=pwned, as: old}")" "is no ref"
like "a relative path means nothing elsewhere" "$(source '{git: repo, as: old}')" "relative path"
ok "nothing of that was run" test ! -e pwned
like "what is there twice is an error" "$(source "{git: \"file://$PWD/repo\", ref: v1, as: local}")" "local is there twice"
sed "s|{git: .*v1, as: old}|{git: repo, ref: v1, as: old}|; /third/d; /new:/d" c.yaml >path.yaml
ok "embedded, a relative path begins beside the file" joulerig run path.yaml --db run.db
is "the coordinator goes on" "$(at joulerig submit pinned.yaml 2>/dev/null)" sources.3
is "and leaves no checkouts behind" "$(find c.db.d/content/git -name '*.checkout' | wc -l)" 0

# What a coordinator leaves that was killed while git worked.
for mirror in c.db.d/content/git/*/; do
	mkdir -p "${mirror%/}.checkout/tree/old" && touch "${mirror%/}.checkout/index" "${mirror%/}.checkout/tree/old/left"
	touch "$mirror/packed-refs.lock" "$mirror/refs/tags/v2.lock" "$mirror/HEAD.lock"
done
git -C repo tag v2
sed 's/ref: v1/ref: v2/' c.yaml >v2.yaml
like "a git that was killed keeps no later one from its work" "$(at joulerig submit v2.yaml 2>&1)" "old: v2 is ${third:0:12}"
ok "nor is anything left of its files" test -z "$(find c.db.d/content/git -name '*.checkout')"

printf '[submodule "m"]\n\tpath = m\n\turl = ../m\n' >repo/.gitmodules
commit submodules >/dev/null
like "submodules are said to be empty" "$(at joulerig submit c.yaml 2>&1)" "third/new: its submodules are not fetched"

done_testing
