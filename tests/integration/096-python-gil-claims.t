# The claims of configs/python-gil/python-gil.yaml on runs of which the truth is known: each comes out as it was planted, on each
# host and over all; what noise hides is inconclusive; hosts that differ are told.
. "$TOP/tests/lib.sh"

campaign=$TOP/configs/python-gil/python-gil.yaml
make=$TOP/tests/tools/synthetic-python-gil
if ! command -v python3 >/dev/null; then
	skip 'the claims of the study' 'no python3 to make its runs'
	done_testing
	exit
fi
echo '{"cores": 8, "threads": 8, "thread_steps": [1, 2, 4, 8], "memory": 68719476736, "frequency": {"base": 3000000000}}' >machine.json

joulerig plan "$campaign" --set workers=1,4 --format json >plan.json 2>/dev/null
ok 'the study has a plan' jq -e '.configurations | length > 300' plan.json
# A line a claim: its name, then its verdict on each host and over all. The names are those of the campaign's file.
verdicts() { # WORLD HOST...
	local world=$1 inventories=() host
	shift
	for host; do inventories+=(--inventory "$host=machine.json"); done
	python3 "$make" plan.json "$world" >runs.ndjson || return
	joulerig import runs.ndjson --quiet --as "$world" --campaign "$campaign" "${inventories[@]}" >/dev/null || return
	joulerig report "$world" -o "$world.html" --quiet || return
	sed -n '/aria-label="all claims"/,/<\/table>/p' "$world.html" |
		sed -n 's/^<tr><th scope="row">\([^<]*\)<\/th><td>[^<]*/\1/p' | sed 's/<td colspan[^>]*>not answered.*/ none/; s/<td>.*//; s/<[^>]*>/ /g; s/[✓✗?] //g; s/  */ /g; s/ $//'
}
sed -n 's/^ *- {name: \(C[0-9A-Za-z-]*\),.*/\1/p' "$campaign" >claims
like 'it has claims of C1 to C12' "$(sed 's/-.*//' claims | uniq | paste -sd' ')" '^C1 C2 C3 C4 C5 C6 C7 C8 C9 C10 C11 C12$'
# What a claim comes to: VERDICTS for all, but for those named with others.
expected() { # VERDICTS [CLAIM VERDICTS]...
	local all=$1 name
	shift
	declare -A other=()
	while [ $# -gt 0 ]; do other[$1]=$2 && shift 2; done
	while read -r name; do echo "$name ${other[$name]:-$all}"; done <claims
}
same() { # NAME: verdicts and expectation, told line by line where they differ
	if diff "$2" "$3" >difference; then ok "$1" true; else
		ok "$1" false
		diag difference
	fi
}
three() { echo "$1 $1 $1 $1"; }
yes=replicated no=contradicted open=inconclusive

verdicts paper lab01 lab02 lab03 >got
# What the build costs and what dropping the lock costs make up the whole: with 25 % in all and 4 % of the build it is the lock.
expected "$(three $yes)" C9-lock "$(three $no)" >wanted
same 'all that is planted as claimed is replicated' got wanted

verdicts reverse lab01 lab02 lab03 >got
expected "$(three $no)" C9-lock "$(three $yes)" C12 "$(three $yes)" C12-energy "$(three $yes)" >wanted
same 'all that is planted otherwise is contradicted, and hosts agree on it' got wanted

verdicts unsure lab01 lab02 lab03 >got
expected "$(three $open)" >wanted
same 'what noise hides is inconclusive' got wanted

verdicts apart lab01 lab02 lab03 >got
expected "$yes $yes $no $open" C9-lock "$no $no $yes $open" C12 "$(three $no)" C12-energy "$(three $no)" >wanted
same 'hosts that differ are told, one by one and by C12' got wanted
like 'how many agree' "$(grep -A1 'scope="row">C4<' apart.html)" '2 of 3 hosts replicated, 1 contradicted; I² (99|100) %'

verdicts alone lab01 >got
expected $yes C9-lock $no C12 none C12-energy none >wanted
same 'one host answers all but whether hosts agree' got wanted
like 'and says so' "$(cat alone.html)" 'not answered: hosts are held against each other, and no configuration .* there is only lab01'

# The same thing under two names, the machine's canary, which to use, all metrics side by side.
page() { sed -n "/<section id=\"$1\"/,/<\/section>/p" paper.html | sed 's/<[^>]*>/ /g; s/  */ /g'; }
like 'the A/A control is found, and has no false alarm' "$(page measuring)" 'gil-again against gil time 0 of 6 \(0 %\)'
like 'the fastest way is found' "$(page choices)" 'nbody .* time python=nogil .*✓ certain'
unlike 'what a figure does not ask for is not missing in it' "$(cat paper.html)" 'again size=[0-9]* has no nogil'
like 'metrics stand side by side' "$(page verdicts)" 'configuration host time kernel_time energy.package energy.package.net power.package rss vms'
done_testing
