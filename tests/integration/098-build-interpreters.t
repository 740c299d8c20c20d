# How the two interpreters are built: with a source that "compiles" to scripts in no time, and a dpkg-query that knows what is
# installed. The real thing takes half an hour and is done by hand.
. "$TOP/tests/lib.sh"

build=$TOP/configs/python-gil/build-interpreters
mkdir bin && printf '#!/bin/sh\nfor p; do :; done\ngrep -qx "$p" "%s" && echo not-installed || echo installed\n' "$PWD/missing" >bin/dpkg-query
touch missing && chmod +x bin/dpkg-query
PATH=$PWD/bin:$PATH

mkdir -p src/Include src/debian
echo '#define PY_VERSION              "3.14.2"' >src/Include/patchlevel.h
echo 'python3.14 (3.14.2-1) unstable; urgency=medium' >src/debian/changelog
# As CPython does it: the free-threaded one takes the plain name, too, so they must not come into one directory.
cat >src/configure <<'END'
#!/bin/sh
prefix=${1#--prefix=} gil=True names=python3.14
case "$*" in *--disable-gil*) gil=False names="python3.14t python3.14" ;; esac
echo "$*" >flags
[ -e "${0%/*}/broken" ] && { echo "no compiler"; exit 1; }
{
	printf 'all:\n\techo made\naltinstall:\n\tmkdir -p %s/bin\n' "$prefix"
	for n in $names; do
		printf '\tprintf "#!/bin/sh\\necho 3.14.2 %s\\n" >%s/bin/%s\n\tchmod +x %s/bin/%s\n' $gil $prefix $n $prefix $n
	done
	printf '\techo %s >>%s/installed\n\tcp flags %s/flags.%s\n\techo pip $(ENSUREPIP) >%s/pip\n' $gil $prefix $prefix $gil $prefix
} >Makefile
END
chmod +x src/configure

ok "both are built" "$build" --source src --prefix opt
is "each is the one that its name says" "$(opt/bin/python3.14) $(optt/bin/python3.14t)" '3.14.2 True 3.14.2 False'
is "configured alike" "$(sed 's/opt /optt /' opt/flags.True) --disable-gil" "$(cat optt/flags.False)"
like "with profiles and link-time optimisation" "$(cat opt/flags.True)" '--enable-optimizations --with-lto'
is "without the pip that is not in the source" "$(cat opt/pip)" 'pip no'
is "what they were built from is beside them" "$(cat opt/built-from optt/built-from | uniq)" 'python3.14 3.14.2-1 of Debian'
is "the working directory is removed" "$(ls -d python-gil.* 2>/dev/null)" ''
fails "none is overwritten" 1 "$build" --source src --prefix opt
like "and it says so" "$("$build" --source src --prefix opt 2>&1)" 'opt: an interpreter is there already'

ok "--quick --keep" "$build" --source src --prefix quick --quick --keep
unlike "is without optimisation" "$(cat quick/flags.True)" 'optimizations|lto'
is "and marked" "$(cat quick/built-from)" 'python3.14 3.14.2-1 of Debian, quick build'
is "the working directory is kept" "$(ls -d python-gil.* | wc -l)" 1
rm -rf python-gil.*

touch src/broken
fails "a build that fails" 1 "$build" --source src --prefix bad
like "says why and where to read on" "$("$build" --source src --prefix bad 2>&1 | tail -n 2 | tr '\n' ' ')" 'no compiler .*nogil: it cannot be built; see /.*/nogil\.log'
is "installs nothing" "$(ls bad badt | tr '\n' ' ')" 'bad:  badt: '
rm src/broken

echo libssl-dev >missing
fails "a package is missing" 1 "$build" --source src --prefix other
is "it is told how to get it" "$("$build" --source src --prefix other 2>&1)" \
	'build-interpreters: these packages are missing: sudo apt-get install libssl-dev (or give --install-packages)'
>missing

like "another version in the source" "$("$build" --version 3.13 --source src --prefix other 2>&1)" 'is CPython 3\.14\.2; give --version 3\.14$'
like "no source" "$("$build" --source nowhere 2>&1)" 'no source of CPython is there$'
like "a version without free threading" "$("$build" --version 3.12 2>&1)" 'it must be 3\.13, 3\.14 or a later one'
like "an unknown option" "$("$build" --fast 2>&1)" "'--fast' is no option; see --help"
like "--help" "$("$build" --help)" '^usage: build-interpreters'
like "an option without its value" "$("$build" --prefix 2>&1)" '--prefix takes a value'
is "is not begun" "$(ls -d other 2>/dev/null)" ''
done_testing
