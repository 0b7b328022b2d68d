#!/usr/bin/env bash
# Writes the bills of materials (CycloneDX, JSON) of the server and of the command line: deploy/sbom.sh [FOLDER]
# Run it after a build: it restores nothing, so what it names is what was built.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-sbom}
tools=.tools
[ -x "$tools/dotnet-CycloneDX" ] || dotnet tool install CycloneDX --version 6.3.1 --tool-path "$tools"
mkdir -p "$folder"
for project in TrustChain.Server TrustChain.Cli; do
  "$tools/dotnet-CycloneDX" "src/$project/$project.csproj" -rs -F Json -o "$folder" -fn "$project.json" --disable-package-restore
  grep -q '"bomFormat"' "$folder/$project.json"
done
