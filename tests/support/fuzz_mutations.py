"""Ways to damage a release: each takes a `fuzzing.Patient` and a random generator, and changes the files on disk.

A way returns False, having changed nothing, where the release has no file of the kind that it damages.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import fuzz_places

if TYPE_CHECKING:
    from fuzzing import Patient

Mutation = Callable[["Patient", random.Random], bool | None]

TEXTS = (
    *("../../../etc/passwd", "/etc/passwd", "..", ".", "../outside/canary.csv", "*", "**", "[", "[a-", "?", "~root"),
    *("\0", "a\nb", "a\r\nb", "a\u2028b", "\x1b[31m", "%s%n{}{0}", "${HOME}", "C:\\x", "x" * 300, "1" * 5000),
    *("", " ", "\ufeff", "\xa0", "'", '"', ",", ";", "_", "__", "$_$", "²", "١٢", "𝟘", "e\u0301", "\U0001f600", "None"),
    *("true", "null", "[]", "{}", "00", "0001", "+1", "1_0", "0x10", "-0", "1.0", "x-Ses01F", "Ses09F_impro01_F000"),
)
NUMBERS = ("NaN", "nan", "Infinity", "-Infinity", "1e400", "-1e400", "-5", "1e-400", "9" * 400, "9" * 5000, "0", "1e9")
VALUES: tuple[Any, ...] = (None, True, False, 0, -1, 10**30, 1.5, [], {}, [[]], {"": {}}, [None], ["x", 1], "\ud800")


def _file(patient: Patient, chance: random.Random, *suffixes: str) -> str | None:
    names = [name for name in patient.tables if name.endswith(suffixes)]
    return chance.choice(names) if names else None


def _bytes(change: Callable[[bytes, random.Random], bytes]) -> Mutation:
    """Make a mutation of one that changes the bytes of one file."""

    def mutation(patient: Patient, chance: random.Random) -> None:
        name = chance.choice(patient.tables)
        patient.write(name, change(patient.read(name), chance))

    return mutation


def _text(change: Callable[[str, random.Random], str]) -> Mutation:
    """Make a mutation of one that changes the text of one file."""
    return _bytes(lambda data, chance: change(data.decode("utf-8", "replace"), chance).encode("utf-8", "replace"))


def _lines(change: Callable[[list[str], random.Random], object]) -> Mutation:
    """Make a mutation of one that changes the list of lines of one file in place."""

    def on_text(text: str, chance: random.Random) -> str:
        lines = text.splitlines(keepends=True)
        if lines:
            change(lines, chance)
        return "".join(lines)

    return _text(on_text)


def _table(change: Callable[[list[list[str]], random.Random], object]) -> Mutation:
    """Make a mutation of one that changes the cells of one CSV file in place."""

    def mutation(patient: Patient, chance: random.Random) -> bool | None:
        name = _file(patient, chance, ".csv")
        if name is None:
            return False
        rows = list(csv.reader(io.StringIO(patient.whole[name].decode("utf-8-sig"), newline="")))
        change(rows, chance)
        out = io.StringIO(newline="")
        csv.writer(out).writerows(rows)
        patient.write(name, out.getvalue().encode("utf-8", "replace"))
        return None

    return mutation


def _json(change: Callable[[Any, random.Random], Any]) -> Mutation:
    """Make a mutation of one that changes the content of one JSON file."""

    def mutation(patient: Patient, chance: random.Random) -> bool | None:
        name = _file(patient, chance, ".json")
        if name is None:
            return False
        patient.write(name, json.dumps(change(json.loads(patient.whole[name]), chance)).encode())
        return None

    return mutation


def _encoded(encoding: str) -> Mutation:
    """Make the mutation that writes one file in another encoding."""
    return _bytes(lambda data, chance: data.decode("utf-8", "replace").encode(encoding, "replace"))


def _splice(data: bytes, chance: random.Random, piece: bytes) -> bytes:
    place = chance.randrange(len(data) + 1)
    return data[:place] + piece + data[place:]


def _flip(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(min(len(data), chance.choice((1, 3, 30)))):
        changed[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(changed)


def _swap(found: str, chance: random.Random, pattern: str, choices: tuple[str, ...]) -> str:
    """Replace one random match of a pattern."""
    matches = list(re.finditer(pattern, found))
    if not matches:
        return found
    match = chance.choice(matches)
    return found[: match.start()] + chance.choice(choices) + found[match.end() :]


def _big(patient: Patient, chance: random.Random) -> None:
    name = chance.choice(patient.tables)
    text = patient.read(name).decode("utf-8", "replace")
    words = list(re.finditer(r"\w+", text))
    place = chance.choice(words).start() if words else 0
    size = chance.choice((200_000, 10_000_000))
    patient.write(name, (text[:place] + chance.choice("x9.\n") * size + text[place:]).encode())


def _cell(rows: list[list[str]], chance: random.Random) -> None:
    row = rows[chance.randrange(len(rows))]
    row[chance.randrange(len(row))] = chance.choice(TEXTS + NUMBERS)


def _column(rows: list[list[str]], chance: random.Random) -> None:
    place, value = chance.randrange(len(rows[0])), chance.choice(TEXTS + NUMBERS)
    for row in rows[1:]:
        row[place] = value


def _move_column(rows: list[list[str]], chance: random.Random) -> None:
    order = list(range(len(rows[0])))
    chance.shuffle(order)
    rows[:] = [[row[place] for place in order] for row in rows]


def _drop_column(rows: list[list[str]], chance: random.Random) -> None:
    place = chance.randrange(len(rows[0]))
    for row in rows:
        del row[place]


def _double_column(rows: list[list[str]], chance: random.Random) -> None:
    place = chance.randrange(len(rows[0]))
    for row in rows:
        row.append(row[place])


def _many_columns(rows: list[list[str]], chance: random.Random) -> None:
    for number, row in enumerate(rows):
        row.extend(f"c{column}" if number == 0 else "" for column in range(3000))


def _nodes(value: Any) -> list[tuple[Any, Any]]:
    """List every place of a JSON value as (list or object, index or key)."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        node = waiting.pop()
        places = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        for place in places:
            found.append((node, place))
            waiting.append(node[place])
    return found


def _json_value(value: Any, chance: random.Random) -> Any:
    places = _nodes(value)
    if not places or chance.random() < 0.05:
        return chance.choice(VALUES)
    node, place = chance.choice(places)
    node[place] = chance.choice((*VALUES, *TEXTS, *NUMBERS))
    return value


def _json_key(value: Any, chance: random.Random) -> Any:
    objects = [(node, place) for node, place in _nodes(value) if isinstance(node, dict)]
    if objects:
        node, place = chance.choice(objects)
        content = node.pop(place)
        if chance.random() < 0.6:
            node[chance.choice(TEXTS)] = content
    return value


def _json_order(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: _json_order(value[key], chance) for key in keys}
    return value


def _json_number(patient: Patient, chance: random.Random) -> bool | None:
    """Write a number that JSON knows and Python cannot hold, or the other way round."""
    name = _file(patient, chance, ".json")
    if name is None:
        return False
    text = patient.whole[name].decode()
    patient.write(name, _swap(text, chance, r'(?<=: )("[^"]*"|[-0-9.]+)', NUMBERS).encode())
    return None


def _json_twice(patient: Patient, chance: random.Random) -> bool | None:
    name = _file(patient, chance, ".json")
    if name is None:
        return False
    pair = r'("(?:[^"\\]|\\.)*"\s*:\s*(?:"[^"]*"|[-0-9.]+))'
    patient.write(name, re.sub(pair, r"\1, \1", patient.whole[name].decode(), count=chance.randint(1, 3)).encode())
    return None


def _deep(patient: Patient, chance: random.Random) -> bool | None:
    name = _file(patient, chance, ".json")
    if name is None:
        return False
    levels = chance.choice((40, 900, 100_000))
    text = patient.whole[name].decode()
    nest = chance.choice(("[" * levels + "]" * levels, '{"a":' * levels + "1" + "}" * levels, "[" * levels))
    patient.write(name, chance.choice((nest, _swap(text, chance, r'(?<=: )"[^"]*"|(?<=: )[-0-9.]+', (nest,)))).encode())
    return None


def _several(patient: Patient, chance: random.Random) -> None:
    for _ in range(chance.randint(2, 4)):
        MUTATIONS[chance.choice([name for name in MUTATIONS if name != "several at once"])](patient, chance)


MUTATIONS: dict[str, Mutation] = {
    "cut off": _bytes(lambda data, chance: data[: chance.randrange(len(data) + 1)]),
    "bytes flipped": _bytes(_flip),
    "bytes inserted": _bytes(lambda data, chance: _splice(data, chance, chance.randbytes(chance.choice((1, 50))))),
    "NUL inserted": _bytes(lambda data, chance: _splice(data, chance, b"\0" * chance.choice((1, 100)))),
    "quote inserted": _bytes(lambda data, chance: _splice(data, chance, chance.choice((b'"', b"'", b'""', b"\\")))),
    "binary": _bytes(lambda data, chance: chance.randbytes(len(data))),
    "empty": _bytes(lambda data, chance: chance.choice((b"", b"\n", b"\xef\xbb\xbf", b" "))),
    "twice after itself": _bytes(lambda data, chance: data + data),
    "10 MB field": _big,
    "UTF-16": _encoded("utf-16"),
    "GBK": _encoded("gbk"),
    "Latin-1": _encoded("latin-1"),
    "byte order mark": _encoded("utf-8-sig"),
    "CRLF": _text(lambda text, chance: text.replace("\r\n", "\n").replace("\n", "\r\n")),
    "CR": _text(lambda text, chance: text.replace("\r\n", "\n").replace("\n", "\r")),
    "lines shuffled": _lines(lambda lines, chance: chance.shuffle(lines)),
    "line repeated": _lines(lambda lines, chance: lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))),
    "line removed": _lines(lambda lines, chance: lines.pop(chance.randrange(len(lines)))),
    "hostile word": _text(lambda text, chance: _swap(text, chance, r"[\w./:-]+", TEXTS)),
    "hostile number": _text(lambda text, chance: _swap(text, chance, r"-?\d+(\.\d+)?", NUMBERS)),
    "hostile cell": _table(_cell),
    "hostile column": _table(_column),
    "columns moved": _table(_move_column),
    "column missing": _table(_drop_column),
    "column renamed": _table(lambda rows, chance: rows[0].__setitem__(chance.randrange(len(rows[0])), "renamed")),
    "column twice": _table(_double_column),
    "3,000 columns": _table(_many_columns),
    "JSON value": _json(_json_value),
    "JSON key": _json(_json_key),
    "JSON order": _json(_json_order),
    "JSON key twice": _json_twice,
    "JSON number": _json_number,
    "JSON nested": _deep,
    "file or folder removed": fuzz_places.delete,
    "file copied": fuzz_places.copy,
    "file renamed": fuzz_places.rename,
    "file in other depth": fuzz_places.depths,
    "link": fuzz_places.link,
    "links in circles": fuzz_places.circles,
    "pipe": fuzz_places.pipe,
    "folder for file": fuzz_places.folder_for_file,
    "file for folder": fuzz_places.file_for_folder,
    "several at once": _several,
}
