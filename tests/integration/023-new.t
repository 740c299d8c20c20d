# joulerig new: a campaign file that runs as it is.
. "$TOP/tests/lib.sh"

ok "a new campaign" joulerig new first-try
is "is one file" "$(ls *.yaml)" first-try.yaml
like "which names itself" "$(cat first-try.yaml)" '^campaign: first-try$'
unlike "and leaves no mark to fill in" "$(cat first-try.yaml)" '@'
is "lines keep to the page" "$(grep -v schema= first-try.yaml | awk 'length > 100')" ''
joulerig new second >told
for command in check plan run; do
	like "it tells of $command" "$(cat told)" "joulerig $command second\.yaml"
done

ok "it is good" joulerig check first-try.yaml
is "without a warning" "$(joulerig check first-try.yaml 2>&1 >/dev/null)" ''
ok "it has a plan" joulerig plan first-try.yaml
ok "it runs" joulerig run first-try.yaml --quiet --blocks 2
like "and has results" "$(joulerig results first-try)" '^loop on '
is "all runs are good" "$(joulerig export first-try --what runs --format ndjson | grep -c '"state": *"done"')" 4

# Each key that stands behind a # is one that check knows, in its place once "# " is taken away.
uncommented() { # KEY...: their lines without "# ", and without the line that has the key already
	local key
	cp first-try.yaml changed.yaml
	for key; do
		grep -Eq "^ *# $key:" changed.yaml || echo "no $key"
		sed -Ei "/^ *$key:/d; s/^( *)# ($key: .*)/\1\2/" changed.yaml
	done
}
mkdir src && touch Makefile
for keys in placement\ threads measure repeat files setup hosts threads size command rate work; do
	is "$keys: is there to be taken" "$(uncommented $keys)" ''
	ok "$keys: is good in its place" joulerig check changed.yaml
done

echo mine >mine.yaml
fails "a file that is there" 2 joulerig new mine
is "is left as it is" "$(cat mine.yaml)" mine
like "and named" "$(joulerig new mine 2>&1)" 'mine\.yaml is there already'
ln -s /nowhere/at-all link.yaml
fails "nor is a link followed" 2 joulerig new link

for name in Upper with_underscore -dash a/b two.yaml '' "$(printf 'a%.0s' $(seq 65))"; do
	fails "'$name' is no name" 2 joulerig new -- "$name"
done
like "the nearest good name is told" "$(joulerig new My_Test.yaml 2>&1)" "try 'my-test'"
is "nothing was written" "$(ls | grep -c -e Upper -e dash)" 0
mkdir locked && cd locked && joulerig new inside >/dev/null && cd ..
ok "where one stands" test -s locked/inside.yaml
if [ -f "$TOP/configs/campaign.schema.json" ]; then
	is "editors find the schema" "$(sed -n '1s/^# yaml-language-server: $schema=//p' second.yaml)" "$(realpath "$TOP/configs/campaign.schema.json")"
else
	unlike "without a schema there is no word of it" "$(cat second.yaml)" 'yaml-language-server'
fi
done_testing
