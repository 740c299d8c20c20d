# When cron expressions come, against croniter and Python's zoneinfo: their stored answers everywhere, and where they are installed
# new ones, too, of the next years by the law that this machine knows.
. "$TOP/tests/lib.sh"
vectors=$TOP/tests/vectors/next-times.txt
reference=$TOP/tests/tools/next-times

# differences THEIRS OURS: the answers that differ, and of what
differences() { diff "$1" "$2" | sed -n 's/^[<>]/&/p' | head -n 20; }
# questions FROM TO EACH: of the stored file, of every EACHth expression that does not come all day
questions() {
	awk -v from="$1" -v to="$2" -v each="$3" '
		/^between/ { print "between", from, to }
		/^zone/
		/^cron [*0-9@]/ && !/^cron [^ ]*[*,][^ ]* [*]/ && ++n % each == 0' "$vectors"
}

[ -r /usr/share/zoneinfo/Europe/Berlin ] || skip_all 'tzdata is not installed: /usr/share/zoneinfo has no Europe/Berlin'
"$BUILD/tests/next_times" <"$vectors" >ours
is 'all stored answers are ours' "$(differences "$vectors" ours)" ''
is 'to 200 expressions' "$(grep '^cron ' ours | sort -u | wc -l)" 200
ok 'in five zones and more' test "$(grep -c '^zone ' ours)" -ge 5
sed 's/^zone Asia.Kathmandu/zone Asia\/Kolkata/' "$vectors" | "$BUILD/tests/next_times" | sed 's/Kolkata/Kathmandu/' >off
ok 'another zone has other answers' test "$(differences ours off | wc -l)" -ge 20

questions 2016-01-01T00:00Z 2026-01-01T00:00Z 20 >asked
"$reference" <asked >stored 2>why
status=$?
if [ $status = 3 ]; then
	skip 'croniter gives the stored answers' "$(cat why)"
	skip 'and ours for the next years' "$(cat why)"
elif [ $status != 0 ]; then
	fail 'croniter runs'; diag why
else
	is 'croniter gives the stored answers' "$(grep -vxF -f "$vectors" stored)" ''
	year=$(date +%Y)
	questions "$year-01-01T00:00Z" "$((year + 10))-01-01T00:00Z" 17 | "$reference" >fresh
	"$BUILD/tests/next_times" <fresh >ours
	is "and ours for the next years ($(grep -c '^cron' fresh) expressions)" "$(differences fresh ours)" ''
fi
done_testing
