# Keys and store of a coordinator that is another user: each command says what to do, and ends with 4.
. "$TOP/tests/lib.sh"
. "$TOP/tests/cluster.sh"
trap 'chmod 755 store 2>/dev/null; stop_cluster' EXIT

mkdir store
echo "$$" >store/c.db
(umask 077 && echo "$$" >store/closed.db)
as_other() { HOME=$PWD/home "$@"; }
if [ "$(id -u)" = 0 ]; then
	command -v setpriv >/dev/null || skip_all "no setpriv here"
	chmod 755 . && chmod 700 store && mkdir home && chmod 777 home
	as_other() { HOME=$PWD/home setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; }
	as_other joulerig --version >/dev/null 2>&1 || skip_all "another user may not run the programs where they were built"
else
	chmod 000 store
fi
[ "$(as_other cat store/c.db 2>/dev/null)" = "" ] || skip_all "permissions do not hold here"

# refused NAME COMMAND...
refused() {
	local name=$1; shift
	fails "$name: the status is that of no access" 4 as_other "$@"
	like "$name: it says as whom" "$(cat "$tap_log")" "(Permission denied|unable to open database file).*'sudo -u joulerig joulerig "
}
refused "keys" joulerig hosts --coordinator tcp://127.0.0.1:9 --keys store/keys
like "or with which key" "$(cat "$tap_log")" "'joulerig key trust NAME KEY --role user'"
refused "a store" joulerig results x.1 --db store/c.db
refused "its hosts" joulerig hosts --db store/c.db
refused "pruning" joulerig prune --db store/c.db
refused "schedules" joulerig schedule list --db store/c.db
refused "deploying" joulerig deploy lab --coordinator tcp://127.0.0.1:9 --keys store/keys
refused "a list of keys" joulerig key list --keys store/keys
refused "the key" joulerig key show --keys store/keys
refused "a backup" joulerig backup copy.db --db store/c.db
refused "doctor" joulerig doctor --db store/c.db
printf 'campaign: c\nbenchmarks: {a: {command: "true"}}\nmeasure: {energy: off}\n' >c.yaml
refused "a run" joulerig run c.yaml --db store/c.db
refused "a coordinator" joulerig serve --listen tcp://127.0.0.1:0 --db store/c.db
chmod 755 store
refused "a folder that may be read alone" joulerig run c.yaml --db store/new.db
refused "a backup of what is closed" joulerig backup home/copy.db --db store/closed.db
fails "doctor of that finds nothing bad" 0 as_other joulerig doctor --db store/closed.db
like "and says as whom" "$(cat "$tap_log")" "file +note .*'sudo -u joulerig joulerig "
fails "a backup to where nobody may write" 2 as_other joulerig backup store/copy.db --db store/closed.db
like "says what to name" "$(cat "$tap_log")" 'cannot make store/copy.db.new: Permission denied; name a FILE in a folder that is there'
done_testing
