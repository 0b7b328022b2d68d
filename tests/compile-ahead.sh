#!/usr/bin/env bash
# Compiles the assemblies in a folder to machine code in place: compile-ahead.sh COMPILER SHARED-FRAMEWORKS VERSION FOLDER.
# Many programs have the same assemblies, so what was compiled once is kept by the digest of its source under obj/.
set -euo pipefail
compiler=$1 shared=$2 version=$3 folder=$4
kept="$(cd "$(dirname "$0")/.." && pwd)/obj/ahead"
mkdir -p "$kept"
cd "$folder"
for assembly in *.dll; do
  digest=$(sha256sum "$assembly")
  digest=${digest%% *}
  [ -e "$kept/$digest.done" ] && continue # It is compiled itself.
  if [ ! -e "$kept/$digest.dll" ]; then
    made=$(mktemp -p "$kept")
    if "$compiler" "$assembly" -o "$made" -r "$shared/Microsoft.NETCore.App/$version/*.dll" -r "$shared/Microsoft.AspNetCore.App/$version/*.dll" -r './*.dll' \
      --targetos linux --targetarch x64 -O >"$made.log" 2>&1; then
      touch "$kept/$(sha256sum "$made" | cut -d ' ' -f 1).done"
    else
      cp "$assembly" "$made" # Resources alone, or compiled by its makers.
    fi
    rm -f "$made.log"
    mv "$made" "$kept/$digest.dll"
  fi
  cp --no-preserve=mode "$kept/$digest.dll" "$assembly"
done
