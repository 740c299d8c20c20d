# docs/python-gil.md: it names every campaign of configs/python-gil and no other, its commands have options that there are, its
# links lead somewhere, and no figure, table or claim is left out.
. "$TOP/tests/lib.sh"

guide=$TOP/docs/python-gil.md
folder=$TOP/configs/python-gil

is "each campaign has its line, and there are no others" "$(grep -oE '^\| `[a-z-]+\.yaml`' "$guide" | tr -d '|` ' | sort)" \
	"$(cd "$folder" && ls ./*.yaml | cut -c 3- | sort)"
for script in $(grep -oE 'configs/python-gil/[a-z-]+' "$guide" | sort -u); do
	[[ -e $TOP/$script || -e $TOP/$script.yaml ]] && pass "$script is there" || fail "$script is there"
done

# A command in an example: its name and its options.
grep -oE '^    joulerig [a-z]+ .*' "$guide" | sed 's/ #.*//' | sort -u >commands
grep -oE '`joulerig [a-z]+ [^`]*`' "$guide" | tr -d '`' >>commands
while read -r program command rest; do
	$program "$command" --help >help 2>&1 || fail "there is $program $command"
	for option in $(grep -oE -- '--[a-z-]+' <<<"$rest"); do
		grep -qE -- "(^|[[:space:]])$option([[:space:],]|$)" help || fail "$command has $option"
	done
done <commands
ok "its commands are some" [ "$(wc -l <commands)" -gt 10 ]
"$folder/build-interpreters" --help >help
for option in $(grep -oE 'build-interpreters --[^`#]*' "$guide" | grep -oE -- '--[a-z-]+' | sort -u); do
	ok "build-interpreters has $option" grep -qF -- "$option" help
done

for file in $(grep -oE '\]\([^)#]+' "$guide" | cut -c 3- | grep -v : | sort -u); do
	ok "link to $file" [ -e "$TOP/docs/$file" ]
done
# As GitHub makes them: lower case, blanks to dashes, nothing but letters, digits and dashes.
grep -E '^#+ ' "$guide" | sed -E 's/^#+ //; s/.*/\L&/; s/[^a-z0-9 -]//g; s/ /-/g' >headings
for heading in $(grep -oE '\]\(#[^)]+' "$guide" | cut -c 4-); do
	ok "link to #$heading" grep -qxF -- "$heading" headings
done

rows() { grep -oE "^\| $1[0-9]+ " "$guide" | tr -d '| ' | tr '\n' ' '; }
is "all figures" "$(rows F)" 'F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11 F12 F13 F14 '
is "all tables" "$(rows T)" 'T1 T2 T3 T4 T5 T6 '
is "all claims" "$(rows C)" 'C1 C2 C3 C4 C5 C6 C7 C8 C9 C10 C11 C12 '
is "all flaws" "$(rows '' | tr -dc '0-9 ')" "$(seq 20 | tr '\n' ' ')"
for kind in $(sed -n '/^| F1 /,/^| F14 /p' "$guide" | awk -F '|' '{ print $4 }' | grep -oE '`[a-z_]+`' | tr -d '`' | grep -vx gil | sort -u); do
	grep -q "^- \`$kind\`:" "$TOP/docs/figures.md" && pass "figure $kind" || fail "figure $kind"
done
done_testing
