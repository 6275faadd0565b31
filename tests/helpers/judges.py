"""Stand-ins for required networks whose answers are known."""


class Judge:
    """A network for tests. A subclass defines methods such as `predict(images)` and `embed(images)`."""

    sha256 = "abc"

    def __init__(self, **metrics):
        self.metrics = metrics

    def apply(self, method, batch):
        assert set(batch) == {"image"}
        return getattr(self, method)(batch["image"])
