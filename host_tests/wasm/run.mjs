// Runs dual-runtime tests in a MicroPython of another version, compiled to WebAssembly: a 32-bit port, like the board.
//   node run.mjs PACKAGE_DIR REPOSITORY HEAP_BYTES TEST_MODULE...
// Prints what the tests print and, last, one line `RESULT passed failed version`. No network, no files outside: all is copied in.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [packageDir, repository, heap, ...modules] = process.argv.slice(2);
const { loadMicroPython } = await import(pathToFileURL(path.join(packageDir, "micropython.mjs")));

function copyIn(mp, from, to) {
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    const target = `${to}/${entry.name}`;
    if (entry.isDirectory() && entry.name !== "__pycache__") {
      mp.FS.mkdir(target);
      copyIn(mp, source, target);
    } else if (/\.(py|json)$/.test(entry.name)) {
      mp.FS.writeFile(target, fs.readFileSync(source));
    }
  }
}

const RUN = `
import gc, sys
sys.path[:] = ["/repo/tools/vboard/standins", "/repo", "/repo/lib", ".frozen"]
passed = failed = 0
module = __import__(NAME, None, None, ("",))
for test in sorted(n for n in dir(module) if n.startswith("test_")):
    if "machine" in sys.modules:
        sys.modules["machine"].world.clear()
    gc.collect()
    try:
        getattr(module, test)()
        passed += 1
    except BaseException as error:
        failed += 1
        print("FAILED", test)
        sys.print_exception(error)
print("RESULT", passed, failed, sys.version.split("MicroPython ")[1])
`;

for (const name of modules) {
  const mp = await loadMicroPython({ heapsize: Number(heap), stdout: (line) => console.log(line), linebuffer: true });
  for (const folder of ["/repo", "/repo/firmware", "/repo/host_tests", "/repo/board_configs", "/repo/lib", "/repo/tools",
    "/repo/tools/vboard", "/repo/tools/vboard/standins"]) mp.FS.mkdir(folder);
  for (const folder of ["firmware", "host_tests", "board_configs", "lib", "tools/vboard/standins"]) {
    copyIn(mp, path.join(repository, folder), `/repo/${folder}`);
  }
  mp.runPython(`import os\nos.chdir("/repo")`);
  try {
    mp.runPython(`NAME = ${JSON.stringify(name)}\n` + RUN);
  } catch (error) {
    console.log(String(error));
    console.log("RESULT 0 1 unknown");
  }
}
