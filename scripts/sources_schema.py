"""Write dango_dbt/sources.schema.json, the JSON Schema of .dango/sources.yml, from the models.

python scripts/sources_schema.py
"""

from __future__ import annotations

import json
from pathlib import Path

from dango_dbt.config import json_schema

SCHEMA = Path(__file__).parents[1] / "dango_dbt" / "sources.schema.json"


def main() -> None:
    """Write the file."""
    SCHEMA.write_text(json.dumps(json_schema(), indent=2) + "\n", encoding="utf-8")
    print(f"wrote {SCHEMA.name}")


if __name__ == "__main__":
    main()
