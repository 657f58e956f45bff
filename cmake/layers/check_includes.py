#!/usr/bin/env python3
"""Holds every C++ source to cmake/layers/includes.toml: what its folder may include, and what no
public header may. Prints file:line for each include that is refused; exit code 1 if there is one.

    check_includes.py [--root DIR] [--list FILE]
"""

import argparse
import fnmatch
import re
import sys
import tomllib
from pathlib import Path

# Anything that a compiler would take; only .cc and .h are ours to write.
CPP = {".cc", ".h", ".c", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".inc", ".inl", ".ipp", ".tcc", ".cppm", ".ixx"}
SKIPPED = {"build", "tests", "bench", "demo", "node_modules"}
# Comments are not stripped: an include inside one is held to the list too, which errs on the safe side.
GAP = r"(?:\s|/\*.*?\*/)*"
DIRECTIVE = re.compile(rf"^{GAP}(?:#|%:|\?\?=){GAP}(include_next|include|import|embed)\b{GAP}(.*)$")
MODULE = re.compile(r"^\s*(?:export\s+)?import\s*[<\"\w:]")
TARGET = re.compile(r"^(?:\"([^\"]+)\"|<([^>]+)>)")
PROTO = re.compile(r"^letterlock/(\w+)/v\d+/\w+(\.grpc)?\.pb\.h$")


class Rules:
    def __init__(self, path, root):
        self.root = root
        data = tomllib.loads(path.read_text())
        self.groups = {name: text.split() for name, text in data["groups"].items()}
        self.heavy = data["heavy"]["headers"].split()
        self.light = data["heavy"]["except"].split()
        self.folders = data["folder"]
        for name, folder in self.folders.items():
            for word in words_of(folder):
                known = word in self.groups or word in self.folders or re.match(r"^(proto|grpc):\w+$", word)
                if not known:
                    sys.exit(f'{path}: [folder."{name}"] uses {word}, which is neither a folder nor a group')

    def folder_of(self, file):
        """The innermost folder of the list that holds `file` (relative to the root)."""
        parents = [parent.as_posix() for parent in file.parents]
        return next((parent for parent in parents if parent in self.folders), None)

    def owners_of(self, header):
        """The folders that have `header` among their public ones."""
        return [folder for folder in self.folders if (self.root / folder / "include" / header).is_file()]

    def allows(self, folder, file, header):
        words = ["std"] + self.folders[folder].get("uses", "").split()
        for pattern, extra in self.folders[folder].get("uses_in", {}).items():
            if fnmatch.fnmatch(file.name, pattern):
                words += extra.split()
        owners = self.owners_of(header)
        if owners:
            return all(owner == folder or owner in words for owner in owners)
        proto = PROTO.match(header)
        if proto:
            kinds = ("grpc",) if proto[2] else ("proto", "grpc")
            return any(f"{kind}:{proto[1]}" in words for kind in kinds)
        prefixes = [prefix for word in words for prefix in self.groups.get(word, [])]
        return any(header == p or (p.endswith("/") and header.startswith(p)) for p in prefixes)

    def is_heavy(self, header):
        def among(patterns):
            return any(fnmatch.fnmatch(header, p + "*" if p.endswith("/") else p) for p in patterns)
        return among(self.heavy) and not among(self.light)


def words_of(folder):
    texts = [folder.get("uses", ""), *folder.get("uses_in", {}).values()]
    return [word for text in texts for word in text.split()]


def sources(root):
    for path in sorted(root.rglob("*")):
        file = path.relative_to(root)
        if file.parts[0] in SKIPPED or file.parts[0].startswith(".") or path.suffix not in CPP:
            continue
        yield file


def directives(text):
    """(line number, text after `include`) of each include, line continuations joined."""
    number, pending = 0, ""
    for line in text.splitlines():
        number += 1
        if line.endswith("\\"):
            pending += line[:-1]
            continue
        line, pending = pending + line, ""
        match = DIRECTIVE.match(line)
        if match:
            yield number, match[1], match[2]
        elif MODULE.match(line):
            yield number, "import", line


def check_file(rules, root, file):
    """(line, problem) for each include of `file` that is refused."""
    folder = rules.folder_of(file)
    if folder is None:
        yield 1, "no folder of cmake/layers/includes.toml covers this file"
        return
    if file.suffix not in {".cc", ".h"}:
        yield 1, "sources are .cc and .h files"
    public = "include" in file.relative_to(folder).parts[:-1]
    for line, word, rest in directives((root / file).read_text(encoding="utf-8", errors="replace")):
        target = TARGET.match(rest)
        if word != "include" or not target:
            yield line, f"only #include <...> and #include \"...\" are read by this check, not: {word} {rest.strip()}"
            continue
        header = target[1] or target[2]
        if ".." in Path(header).parts or header.startswith("/"):
            yield line, f"{header}: an include goes down only"
        elif target[1] and is_private(root, file, folder, header):
            if public:
                yield line, f"{header}: a public header may not include a private one"
        elif public and rules.is_heavy(header):
            yield line, f"{header}: too heavy for a public header"
        elif not rules.allows(folder, file, header):
            yield line, f"{folder} may not include {header}"


def is_private(root, file, folder, header):
    """Whether `header`, quoted, names a file of the same folder beside its sources."""
    candidates = [file.parent / header, Path(folder) / header]
    found = next((path for path in candidates if (root / path).is_file()), None)
    return found is not None and "include" not in found.parts


def main():
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="checks includes against the allow list")
    parser.add_argument("--root", type=Path, default=here.parent.parent)
    parser.add_argument("--list", type=Path, default=here / "includes.toml")
    arguments = parser.parse_args()

    rules = Rules(arguments.list, arguments.root)
    files, refused = 0, 0
    for file in sources(arguments.root):
        files += 1
        for line, problem in check_file(rules, arguments.root, file):
            print(f"{file}:{line}: {problem}")
            refused += 1
    print(f"includes: {files} files, {refused} refused")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
