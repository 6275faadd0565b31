"""What the accelerator check has found so far, in one JSON file that every finished row is added to."""

import json
import os
from pathlib import Path
from typing import Any


class Record:
    """Rows by part. A row is written as soon as it is finished, so a cut loses only the row under way."""

    def __init__(self, path: Path):
        """Reads what an earlier call left in `path`."""
        self.path = path
        self.content: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def rows(self, part: str) -> dict[str, Any]:
        """The rows of a part so far, by name."""
        return self.content.get(part, {})

    def done(self, part: str, row: str) -> bool:
        """Whether a row is finished. A row that failed is not, so the next call tries it again."""
        return "error" not in self.rows(part).get(row, {"error": "missing"})

    def put(self, part: str, row: str, values: dict[str, Any]) -> None:
        """Adds a row, or replaces it, and writes the file."""
        self.content.setdefault(part, {})[row] = values
        self.write()

    def write(self) -> None:
        """Writes the file under another name first, so that a cut leaves the old file whole."""
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(self.content, indent=2) + "\n")
        os.replace(new, self.path)

    def failed(self) -> list[str]:
        """The rows that failed, as `part/row`."""
        parts = {part: rows for part, rows in self.content.items() if isinstance(rows, dict)}
        return [
            f"{part}/{row}"
            for part, rows in parts.items()
            for row, values in rows.items()
            if isinstance(values, dict) and "error" in values
        ]
