# The manual pages: each program, subcommand and option has its place in one, each key of the campaign file, and groff takes them all.
. "$TOP/tests/lib.sh"
pages=$BUILD/man

# text PAGE: as it is read, one space between words
text() { groff -man -Tascii -P-cbou "$1" | tr -s ' \n' ' '; }
# commands_of PROGRAM, options_of COMMAND...: by --help
commands_of() { "$1" --help | sed -n '/^usage:/,/^Options\|^.joulerig/s/^  \([a-z][a-z-]*\)  *[^ ].*/\1/p'; }
options_of() { "$@" --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p'; }
# source PAGE: without roff's escapes
source_of() { sed 's/\\-/-/g; s/\\f[BIR]//g; s/\\(aq/'"'"'/g; s/^\\&//' "$1"; }
# lacks PAGE COMMAND...: the options of --help that are no heads of paragraphs
lacks() {
	local page=$1; shift
	[ -s "$page" ] || { echo "no $page"; return; }
	options_of "$@" | while read -r option; do
		source_of "$page" | grep -A1 '^\.TP' | grep -Eq -- "^(-[oh], )?$option( |\$)" || echo "$page: $option"
	done
}

for program in joulerig joulerig-agent; do
	for command in $(commands_of "$program"); do
		lacks "$pages/man1/$program-$command.1" "$program" "$command"
		source_of "$pages/man1/$program.1" | grep -q "^$program-$command(1)" || echo "$program(1) without $command"
	done
done >missing
is 'every subcommand has a page, with each option of its --help' "$(cat missing)" ''
ok 'of many subcommands' test "$(ls "$pages"/man1 | wc -l)" -ge 33
is 'the agent has each of its own' "$(lacks "$pages/man1/joulerig-agent.1" joulerig-agent)" ''
ok 'what it starts runs through has one, too' test -s "$pages/man1/joulerig-exec.1"
is 'a page says what --help says' "$(joulerig prune --help | sed -n 3p)" "$(source_of "$pages/man1/joulerig-prune.1" | sed -n 's/^joulerig-prune - //p')"
like 'and has the examples of the guides' "$(source_of "$pages/man1/joulerig-compare.1")" '^joulerig compare nightly --baseline last-7 --gate'
for program in joulerig joulerig-agent; do
	"$program" --help | sed -n '/^Exit status/,$p' | tr '\n' ' ' | sed 's/^Exit status: //' | tr ',' '\n' |
		sed -n 's/^ *\([0-9][0-9]*\) .*/\1/p' >statuses
	for status in $(cat statuses); do
		sed -n '/^.SH "EXIT STATUS"/,/^.SH "ENV/p' "$pages/man1/$program.1" | grep -qx "\\\\fB$status\\\\fR" || echo "$program $status"
	done
	[ -s statuses ] || echo "$program tells no exit status"
done >missing
is 'every exit status is told' "$(cat missing)" ''

# Each key that an editor knows from the schema stands in the reference as one of that page's.
jq -r '[paths | select(length >= 2 and .[-2] == "properties" and (index("matrix") | not)) | .[-1]] | unique[]' \
	"$TOP/configs/campaign.schema.json" >keys
source_of "$pages/man5/joulerig-campaign.5" >campaign
while read -r key; do
	grep -A1 '^\.TP' campaign | grep -qx -- "$key" || echo "$key"
done <keys >missing
is 'every key of the campaign file is in its reference' "$(cat missing)" ''
ok 'which are many' test "$(wc -l <keys)" -gt 80
like 'with an example' "$(cat campaign)" '^Example: policy: scatter$'
like 'what holds without it' "$(cat campaign)" '^Default: close$'
like 'and the forms of an axis' "$(cat campaign)" 'powers of two below the number of the host.s cores'
grep -v '^ *#' "$TOP/configs/service/settings.yaml" | sed -n 's/^\([a-z_]*\):.*/\1/p' >keys
sed -n 's/^# \([a-z_]*\):.*/\1/p' "$TOP/configs/service/settings.yaml" >>keys
source_of "$pages/man5/joulerig-settings.5" >settings
while read -r key; do
	grep -A1 '^\.TP' settings | grep -qx -- "$key" || echo "$key"
done <keys >missing
is 'every key of a coordinator'"'"'s settings is in theirs' "$(cat missing)" ''
ok 'which are several' test "$(wc -l <keys)" -ge 8

if command -v groff >/dev/null; then
	for page in "$pages"/man?/*; do groff -man -Tascii -ww -z "$page" 2>&1; done >warnings
	is 'groff warns of nothing' "$(head -n 20 warnings)" ''
	like 'a page is read as it was meant' "$(text "$pages/man1/joulerig-run.1")" 'joulerig run FILE \[options\].*--only EXPRESSION only configurations'
else
	skip 'groff warns of nothing' 'groff is not installed'
	skip 'a page is read as it was meant' 'groff is not installed'
fi
if command -v man >/dev/null; then
	for page in "$pages"/man1/joulerig.1 "$pages"/man5/*; do MANWIDTH=120 man --warnings -l "$page" 2>&1 >/dev/null; done >warnings
	is 'man warns of nothing' "$(head -n 20 warnings)" ''
else
	skip 'man warns of nothing' 'man is not installed'
fi
done_testing
