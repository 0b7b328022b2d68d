// Runs a Python script where there is no python3: node run-python.mjs SCRIPT [ARGUMENT...]. Only files beside the script's folder can be read.
import path from "node:path";
import { loadPyodide } from "pyodide";

const [script, ...scriptArguments] = process.argv.slice(2);
const folder = path.dirname(path.dirname(path.resolve(script)));
const python = await loadPyodide();
python.FS.mkdirTree(folder);
python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, folder);
python.globals.set("arguments", python.toPy([path.resolve(script), ...scriptArguments]));
process.exitCode = python.runPython(`
import os, runpy, sys
sys.argv, sys.dont_write_bytecode = list(arguments), True
sys.path.insert(0, os.path.dirname(sys.argv[0]))
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
    code = 0
except SystemExit as end:
    code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
sys.stdout.flush()
code
`);
