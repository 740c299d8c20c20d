# The examples of docs/campaign.md and of README.md are campaigns, and the reference names every key that the reader knows.
. "$TOP/tests/lib.sh"

reference=$TOP/docs/campaign.md

# Write each ```yaml block of a file to PREFIX-LINE.yaml, LINE being that of its first line.
extract() {
	awk -v prefix="$2" '
		/^```/ && inside { inside = 0; close(out); next }
		/^```yaml[ \t]*$/ { inside = 1; out = sprintf("%s-%03d.yaml", prefix, NR + 1); printf "" >out; next }
		inside { print >out }' "$1"
}

# A whole campaign: its first line, comments and empty lines apart, is its name.
is_campaign() { grep -Ev '^[[:space:]]*(#|$)' "$1" | head -n 1 | grep -q '^campaign:'; }

mkdir workloads src data
touch sort.c Makefile data/in.txt # what the examples ship
extract "$reference" campaign.md
extract "$TOP/README.md" README.md
for file in campaign.md-*.yaml README.md-*.yaml; do
	if is_campaign "$file"; then
		ok "$file is accepted" joulerig check "$file"
		is "$file has no warnings" "$(joulerig check "$file" 2>&1 >/dev/null)" ''
	else
		[[ $file = README* ]] || fail "$file is a whole campaign"
	fi
done
like 'the reference has examples' "$(ls)" '^campaign\.md-[0-9]+\.yaml$'
like 'README.md has one' "$(ls)" '^README\.md-[0-9]+\.yaml$'

# The tables of schema*.c have a line for each key: a tab, {"NAME", flags, ...}.
keys() { sed -n 's/^\t{"\([a-z_]*\)", \(0\|KEY_[A-Z]*\), .*/\1 \2/p' "$TOP"/coordinator/campaign/schema*.c | sort -u; }
# Names of keys on stdin that stand in backquotes nowhere in the text, alone or below a section as `limits.output`.
missing_in() {
	local key
	while read -r key; do
		grep -Eq "\`([a-z_]+\.)?$key\`" <<<"$1" || echo "$key"
	done
}
like 'keys are found in the schema' "$(keys)" '^benchmarks KEY_REQUIRED$'
is 'every key has its place in the reference' \
	"$(keys | cut -d ' ' -f 1 | missing_in "$(cat "$reference")")" ''

# Links within the page lead to a heading, made into an anchor as code hosts do it.
anchors=$(sed -n 's/^##* //p' "$reference" | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9 -]//g; s/ /-/g')
is 'links within the reference lead somewhere' \
	"$(grep -o '](#[^)]*)' "$reference" | sed 's/](#\(.*\))/\1/' | sort -u | grep -vxF "$anchors")" ''

done_testing
