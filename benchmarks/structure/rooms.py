"""What a checkout is made of: rooms, their files and lines, and the imports between them."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from harness.source_imports import imports_of, modules_of

LOOSE = "tracker_service/*.py"
"""The files that lie in `tracker_service` itself."""


@dataclass(frozen=True, slots=True)
class Room:
    """What lies in a room.

    Attributes:
        files: Python files.
        lines: of those files.
        fullest: Python files in its fullest folder.
    """

    files: int
    lines: int
    fullest: int


@dataclass(frozen=True, slots=True)
class Structure:
    """One checkout.

    Attributes:
        rooms: by name.
        imports: how many modules of the first room's import a module of the second's, by both names; each file of
            `tracker_service` itself counts as a room.
    """

    rooms: dict[str, Room]
    imports: Counter[tuple[str, str]]


def room_of(module: str, path: Path) -> str:
    """Return the room of a module: the folder below `tracker_service`, or else the top folder."""
    top, *rest = module.split(".")
    if top != "tracker_service":
        return top
    is_file = not rest or (len(rest) == 1 and path.name != "__init__.py")
    return LOOSE if is_file else f"{top}/{rest[0]}"


def structure_of(root: Path) -> Structure:
    """Count the rooms of a checkout and the imports between them."""
    modules = modules_of(root)
    rooms = {module: room_of(module, path) for module, path in modules.items()}
    files, lines, folders = Counter(rooms.values()), Counter[str](), Counter[tuple[str, Path]]()
    for module, path in modules.items():
        lines[rooms[module]] += len(path.read_text().splitlines())
        folders[rooms[module], path.parent] += 1
    fullest = {room: max(count for (of, _), count in folders.items() if of == room) for room in files}
    ends = {module: _file_or_room(module, path) for module, path in modules.items()}
    between = {
        (item.importer, item.imported)
        for item in imports_of(root)
        if item.imported in modules and ends[item.importer] != ends[item.imported]
    }
    pairs = Counter((ends[importer], ends[imported]) for importer, imported in between)
    return Structure({room: Room(files[room], lines[room], fullest[room]) for room in sorted(files)}, pairs)


def _file_or_room(module: str, path: Path) -> str:
    room = room_of(module, path)
    return f"tracker_service/{path.name}" if room == LOOSE else room
