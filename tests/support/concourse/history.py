"""The versions of a resource: their order, and the metadata that its page shows."""

import dataclasses
import json


@dataclasses.dataclass
class SavedVersion:
    version: dict
    order: int = 0
    metadata: list = dataclasses.field(default_factory=list)

    @property
    def facts(self) -> dict:
        return {entry["name"]: entry["value"] for entry in self.metadata}


def key(version: dict) -> str:
    return json.dumps(version, sort_keys=True)


class History:
    """Shared by all resources of one type and source, as Concourse shares it."""

    def __init__(self):
        self._saved: dict[str, SavedVersion] = {}

    def save_checked(self, versions: list[dict]) -> list[dict]:
        """What a check returned. Order moves only when there is something new, and then for all that were returned."""
        new = [version for version in versions if key(version) not in self._saved]
        for version in new:
            self._saved.setdefault(key(version), SavedVersion(version))
        if new:
            for version in versions:
                self._saved[key(version)].order = self._next_order()
        return new

    def save_put(self, version: dict, metadata: list) -> None:
        """What a put made. A version that is known already keeps its place: this is why moving a tag back is silent."""
        if key(version) not in self._saved:
            self._saved[key(version)] = SavedVersion(version, self._next_order())
        self.set_metadata(version, metadata)

    def set_metadata(self, version: dict, metadata: list) -> None:
        if metadata:
            self._saved[key(version)].metadata = metadata

    def find(self, version: dict) -> SavedVersion | None:
        return self._saved.get(key(version))

    @property
    def versions(self) -> list[SavedVersion]:
        return sorted(self._saved.values(), key=lambda saved: saved.order)

    @property
    def latest(self) -> SavedVersion | None:
        return self.versions[-1] if self._saved else None

    def _next_order(self) -> int:
        return 1 + max((saved.order for saved in self._saved.values()), default=0)
