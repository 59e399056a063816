"""`make bench`: python -m benchmarks [name ...]; without a name, all of them."""

import argparse
import importlib
import pkgutil

import benchmarks


def main() -> None:
    names = sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if not m.name.startswith("_"))
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"of {', '.join(names)}")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    unknown = set(arguments.name) - set(names)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}: there are {', '.join(names)}")
    for name in arguments.name or names:
        importlib.import_module(f"benchmarks.{name}").run(arguments.repeats)


if __name__ == "__main__":
    main()
