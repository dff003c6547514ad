"""Ways to damage a release by its files and folders: each puts something else in their place."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fuzzing import Patient


def delete(patient: Patient, chance: random.Random) -> None:
    patient.clear(chance.choice([*patient.whole, *patient.folders]))


def copy(patient: Patient, chance: random.Random) -> None:
    name = chance.choice(list(patient.whole))
    folder, _, last = name.rpartition("/")
    base = chance.choice(("copy", folder, f"{folder}/deeper", "a/b", "Session1", "train", "json")).strip("/")
    target = f"{base}/{chance.choice((last, f'copy of {last}', f'._{last}', last.upper()))}".strip("/")
    if target not in patient.whole:
        patient.write(target, chance.choice((patient.whole[name], b"", b"\x00\x05\x16\x07stub")))


def rename(patient: Patient, chance: random.Random) -> None:
    name = chance.choice(list(patient.whole))
    folder, _, last = name.rpartition("/")
    stem, dot, suffix = last.rpartition(".")
    odd = (os.fsdecode(b"\xff\xfe"), "*", "[x]", "a\nb", "-rf", "情感", stem.upper(), f".{stem}", "..x", "x" * 200, "")
    content = patient.read(name)
    patient.clear(name)
    patient.write(f"{folder}/{chance.choice(odd)}{dot}{suffix}".strip("/"), content)


def link(patient: Patient, chance: random.Random) -> None:
    name = chance.choice([*patient.whole, *patient.folders])
    last = name.rpartition("/")[2]
    outward = (patient.outside / last, patient.outside, "/etc/passwd", "/", "/dev/zero", "/proc/self")
    inward = (patient.root, ".", "..", last, "absent", patient.root / chance.choice(list(patient.whole)))
    path = patient.clear(name if chance.random() < 0.6 else f"{name.rpartition('/')[0]}/extra".strip("/"))
    path.symlink_to(chance.choice((*outward, *inward)))


def circles(patient: Patient, chance: random.Random) -> None:
    folders = patient.folders or ["one", "two"]
    for number in range(chance.randint(1, 8)):
        path = patient.clear(f"{chance.choice(folders)}/link{number}")
        path.symlink_to(patient.root / chance.choice([*folders, "."]))


def pipe(patient: Patient, chance: random.Random) -> None:
    os.mkfifo(patient.clear(chance.choice([*patient.whole, *patient.folders])))


def folder_for_file(patient: Patient, chance: random.Random) -> None:
    patient.clear(chance.choice(list(patient.whole))).mkdir()


def file_for_folder(patient: Patient, chance: random.Random) -> None:
    patient.write(chance.choice([*patient.folders, "extra"]), b"not a folder")


def depths(patient: Patient, chance: random.Random) -> None:
    name = chance.choice(list(patient.whole))
    content = patient.read(name)
    patient.clear(name)
    patient.write("/".join(["d"] * chance.choice((1, 3, 5, 14)) + [name.rpartition("/")[2]]), content)
