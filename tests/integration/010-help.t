# Every command explains itself, within 100 columns, and a typo gets the word that was meant.
. "$TOP/tests/lib.sh"

commands_of() { "$1" --help | sed -n '/^usage:/,/^Options\|^.joulerig/s/^  \([a-z][a-z-]*\)  *[^ ].*/\1/p'; }

# Exits 0, says usage, tells nothing on stderr, fits 100 columns.
check_help() {
	local text line option
	text=$("$@" --help 2>stderr.txt) || { echo "exit $?"; return 1; }
	[ ! -s stderr.txt ] || { echo "stderr:"; cat stderr.txt; return 1; }
	case $text in *usage:\ "$1"*) ;; *) echo "no usage: $text"; return 1 ;; esac
	case $# in 1) ;; *) for option in "${common_options[@]}"; do
		case $text in *"  --$option "*) ;; *) echo "no --$option: $text"; return 1 ;; esac
	done ;; esac
	while IFS= read -r line; do
		[ ${#line} -le 100 ] || { echo "${#line} columns: $line"; return 1; }
	done <<<"$text"
}

for program in joulerig joulerig-agent; do
	case $program in
	joulerig) common_options=(db format coordinator server-key keys quiet verbose color help version) ;;
	*) common_options=(format root quiet verbose help version) ;;
	esac
	ok "$program --help" check_help "$program"
	for command in $(commands_of "$program"); do
		ok "$program $command --help" check_help "$program" "$command"
	done
	like "$program --version" "$("$program" --version)" "^$program [0-9]+\.[0-9]+\.[0-9]+\$"
done
is "joulerig's commands" "$(commands_of joulerig | sort | tr '\n' ' ')" \
	"admit backup cancel check compare completion deploy doctor drain export extend hosts import key label new pause plan prune report rerun results resume run runs schedule serve status submit trend watch "
is "the agent's commands" "$(commands_of joulerig-agent | sort | tr '\n' ' ')" "completion doctor energy inventory key overhead placement "

ok "joulerig help COMMAND" joulerig help export
fails "no command at all" 2 joulerig
fails "an unknown command" 2 joulerig exprot
like "its suggestion" "$(joulerig exprot 2>&1)" "did you mean 'export'"
fails "the agent's unknown command" 2 joulerig-agent placment
like "its suggestion" "$(joulerig-agent placment 2>&1)" "did you mean 'placement'"
fails "an unknown option" 2 joulerig results --clumns time
like "its suggestion" "$(joulerig results --clumns time 2>&1)" "columns"
fails "an argument too many" 2 joulerig plan a.yaml b.yaml
fails "an argument missing" 2 joulerig check
fails "an option's value missing" 2 joulerig results --db
like "usage errors leave stdout alone" "$(joulerig exprot 2>/dev/null; echo end)" "^end\$"
ok "a file that is not there is a usage error with its name" sh -c 'joulerig check gone.yaml 2>&1 | grep gone.yaml'
if [ -c /dev/full ]; then
	fails "help that cannot be written is no success" 5 sh -c 'joulerig --help >/dev/full'
	like "which is said" "$(cat "$tap_log")" 'cannot write to standard output: No space left'
	fails "nor is the version" 5 sh -c 'joulerig --version >/dev/full'
	fails "nor help of a command" 5 sh -c 'joulerig help run >/dev/full'
else
	skip "help that cannot be written is no success" "no /dev/full here"
fi
done_testing
