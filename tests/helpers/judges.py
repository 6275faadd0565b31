"""Stand-ins for required networks whose answers are known."""


class Judge:
    """A network by its methods: a subclass has `predict(images)`, `embed(images)` or others."""

    sha256 = "abc"

    def __init__(self, **metrics):
        self.metrics = metrics

    def apply(self, method, batch):
        assert set(batch) == {"image"}
        return getattr(self, method)(batch["image"])
