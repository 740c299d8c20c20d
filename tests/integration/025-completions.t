# joulerig completion: the scripts know the commands, options and words of both programs.
. "$TOP/tests/lib.sh"

for shell in bash zsh fish; do
	ok "a script for $shell" joulerig completion "$shell"
	joulerig completion "$shell" >"script.$shell"
	like "it knows joulerig ($shell)" "$(cat "script.$shell")" 'results'
	like "and joulerig-agent ($shell)" "$(cat "script.$shell")" 'inventory'
	if command -v "$shell" >/dev/null; then
		ok "$shell reads it" "$shell" -n "script.$shell"
	else
		skip "$shell reads it" "no $shell here"
	fi
done
fails "another shell" 2 joulerig completion csh
like "is told what there is" "$(joulerig completion csh 2>&1)" 'bash, zsh and fish'
fails "no shell" 2 joulerig completion

# What bash would offer: the last word is the one that is being typed.
. ./script.bash
offer() {
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	"_${1//-/_}" 2>/dev/null
	printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ' | sed 's/ $//'
}

like "it is bound to joulerig" "$(complete -p joulerig)" '-F _joulerig joulerig$'
like "and to joulerig-agent" "$(complete -p joulerig-agent)" '-F _joulerig_agent joulerig-agent$'
is "commands" "$(offer joulerig re)" "report rerun results resume"
for command in $(joulerig --help | sed -n 's/^  \([a-z][a-z-]*\)  *[^ ].*/\1/p'); do
	is "the command $command" "$(offer joulerig "$command" | tr ' ' '\n' | grep -cx "$command")" 1
	# Every option that --help tells of, and no other.
	is "the options of $command" "$(offer joulerig "$command" -- | tr ' ' '\n' | sort -u)" \
		"$(joulerig "$command" --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p' | sort -u)"
done
is "an option's words" "$(offer joulerig results --format ma)" "markdown"
is "behind an equals sign, too" "$(offer joulerig results --format = j)" "json"
is "all of them right behind it" "$(offer joulerig run --color =)" "always auto never"
is "the words of an agent's option" "$(offer joulerig-agent inventory --format t)" "table"
is "the agent's own options" "$(offer joulerig-agent --co)" "--coordinator"
is "words that are arguments" "$(offer joulerig key tr)" "trust"

mkdir folder && touch one.yaml two.yml three.txt 'with space.yaml'
is "campaign files and folders" "$(offer joulerig plan '')" "folder one.yaml two.yml with space.yaml"
is "folders alone" "$(offer joulerig run x.yaml --root '')" "folder"
is "any file for a store" "$(offer joulerig results --db th)" "three.txt"

is "no labels without a store" "$(offer joulerig results '')" ""
printf 'campaign: small\nbenchmarks: {a: {command: ["true"]}}\nmeasure: {energy: "off"}\nrepeat: {warmup: 0, blocks: 1}\n' >small.yaml
joulerig run small.yaml --quiet >/dev/null 2>&1
is "labels of the store" "$(offer joulerig results sm)" "small.1"
done_testing
