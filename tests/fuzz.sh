#!/bin/sh
# Fuzzes the parsers of TrustChain.Core, guided by coverage: tests/fuzz.sh [PARSER|all] [SECONDS for each] [FOLDER]
# FOLDER: inputs that took new branches are kept there, by parser, and are where the next run with that folder begins. Every run begins with tests/vectors/hostile as well.
# Afterwards tests/fuzz.sh keep FOLDER takes over into tests/vectors/hostile the few small ones of FOLDER that take what nothing there takes.
# Instruments a copy of the built tests with SharpFuzz; needs no AFL. An input that breaks something is saved, and its place is told.
set -eu
method=Fuzz
if [ "${1:-}" = keep ]; then
    test -d "${2:?keep needs a FOLDER}"
    method=KeepOfFuzzing
    set -- all 0 "$2"
fi
corpus=${3:+$(mkdir -p "$3" && cd "$3" && pwd)}
cd "$(dirname "$0")/.."
version=2.3.0
built=tests/TrustChain.UnitTests/bin/Debug/net10.0
copy=tests/TrustChain.UnitTests/obj/fuzz
tools=tests/TrustChain.UnitTests/obj/fuzz-tools
test -d "$built" || dotnet build tests/TrustChain.UnitTests -v q
test -x "$tools/sharpfuzz" || dotnet tool install SharpFuzz.CommandLine --version "$version" --tool-path "$tools"
rm -rf "$copy"
cp -r "$built" "$copy"
"$tools/sharpfuzz" "$copy/TrustChain.Core.dll"
cp "$(find "$tools" -path '*net10.0/any/SharpFuzz.Common.dll' | head -1)" "$copy/"
TRUSTCHAIN_FUZZ="${1:-all}" TRUSTCHAIN_FUZZ_SECONDS="${2:-60}" TRUSTCHAIN_FUZZ_CORPUS="$corpus" exec "$copy/TrustChain.UnitTests" -explicit only -method "*HostileInputTests.$method"
