"""Run the benchmarks named on the command line, or all of them."""

import importlib
import pkgutil
import sys

import benchmarks

if __name__ == "__main__":
    known = sorted(one.name for one in pkgutil.iter_modules(benchmarks.__path__) if not one.name.startswith("_"))
    for name in sys.argv[1:] or known:
        if name not in known:
            sys.exit(f"no benchmark is called {name!r} (known: {', '.join(known)})")
        print(f"{name}:")
        for line in importlib.import_module(f"benchmarks.{name}").run():
            print(f"  {line}", flush=True)
