# configs/campaign.schema.json: it is what the tables of the reader give, and it takes what `joulerig check` takes.
. "$TOP/tests/lib.sh"

schema=$TOP/configs/campaign.schema.json
"$BUILD/tests/campaign_schema" >made.json
ok 'the schema is what the tables give (else: make schema)' cmp made.json "$schema"
ok 'it is JSON' jq -e . "$schema"

python3 -c 'import jsonschema, yaml' 2>/dev/null || {
	skip 'files against the schema' 'python3-jsonschema or python3-yaml is not installed'
	done_testing
	exit
}

# "FILE: valid" and the like, one a line.
validate() { "$TOP/tests/tools/validate-campaigns" "$schema" "$@" 2>&1 | sed 's|^[^:]*/||'; }

validate "$TOP"/tests/campaigns/good/*.yaml >good
is 'every good file is valid' "$(grep -v ': valid$' good)" ''
validate "$TOP"/configs/*.yaml >ours
is 'and so are the campaigns that come with it' "$(grep -v ': valid$' ours)" ''

# What no schema can see (names of axes, templates, values that depend on others) says so in the file itself.
validate "$TOP"/tests/campaigns/bad/*.yaml >bad
for file in $(sed -n 's/: valid$//p' bad); do
	grep -q '^# only check sees this' "$TOP/tests/campaigns/bad/$file" || echo "$file"
done >unmarked
is 'every bad file is refused, but for those that only check can see' "$(cat unmarked)" ''
for file in $(sed -n 's/: invalid: .*//p' bad); do
	grep -l '^# only check sees this' "$TOP/tests/campaigns/bad/$file"
done >wrongly_marked
is 'and these it does take' "$(cat wrongly_marked)" ''
like 'files are refused for what is wrong in them' "$(grep '^choices.yaml' bad)" "'random' is not one of"

# A reader by the rules of YAML 1.1 would take `off` for a boolean and 012 for ten.
cat >traps.yaml <<-'YAML'
	campaign: traps
	matrix: {v: [012, on, no, 0o17, 1e3x, 12:30]}
	benchmarks: {a: {command: [echo, "{v}"], tune: {turbo: off}, guard: {turbo: on}}}
YAML
is 'scalars are taken as check takes them' "$(validate traps.yaml)" 'traps.yaml: valid'
ok 'which takes that, too' joulerig check traps.yaml

done_testing
