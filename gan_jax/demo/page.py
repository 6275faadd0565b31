"""The page itself, made with gradio. It fetches nothing from other machines."""

import html
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import fastapi
import gradio as gr

from gan_jax.demo.controls import SEEDS, Control, Made, Work
from gan_jax.errors import GanJaxError

_STYLE = Path(__file__).parent / "templates" / "page.css"
_UPLOAD = "64mb"  # the largest file that a user may upload
# Fonts of the machine: some of gradio's themes ask Google for theirs.
_FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif")
_CODE_FONTS = ("ui-monospace", "Consolas", "monospace")
# The browser refuses everything that comes from another place, whatever gradio's own code asks for.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; frame-ancestors 'self'"
)


def application(work: Work, first: Made | None, title: str, facts: Mapping[str, str]) -> Callable[..., Any]:
    """The page as an ASGI application.

    Args:
      work: what the run does, after its `prepare`.
      first: what the page shows at first, from `prepare`.
      title: of the page.
      facts: what the page says below the title, by name.
    """
    theme = gr.themes.Default(primary_hue="indigo", neutral_hue="slate", font=_FONTS, font_mono=_CODE_FONTS)
    mounted = gr.mount_gradio_app(
        fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
        blocks(work, first, title, facts),
        path="/",
        footer_links=[],
        max_file_size=_UPLOAD,
        ssr_mode=False,
        theme=theme,
        css_paths=[_STYLE],
    )
    return _with_policy(mounted)


def _with_policy(served: Callable[..., Any]) -> Callable[..., Any]:
    """The application, whose answers tell the browser to load nothing from elsewhere."""

    async def call(scope, receive, send):
        async def answer(message):
            if message["type"] == "http.response.start":
                header = (b"content-security-policy", _POLICY.encode())
                message = {**message, "headers": [*message.get("headers", ()), header]}
            await send(message)

        await served(scope, receive, answer)

    return call


def blocks(work: Work, first: Made | None, title: str, facts: Mapping[str, str]) -> gr.Blocks:
    """The run's title above, controls left, pictures right; one below the other on a small screen.

    What is drawn from a seed comes first on a small screen; a photograph is uploaded first.
    """
    controls = work.controls
    told = "".join(
        f"<span><b>{html.escape(name)}</b> {html.escape(value)}</span>" for name, value in facts.items()
    )
    with gr.Blocks(title=title, analytics_enabled=False, fill_width=True) as page:
        gr.HTML(f"<h1>{html.escape(title)}</h1><p>{told}</p>", elem_classes="run", padding=False)
        with gr.Row(equal_height=False):
            with gr.Column(scale=2, min_width=300, elem_classes="controls"):
                boxes, button, another = _left(work, controls)
            with gr.Column(
                scale=3, min_width=300, elem_classes=["results", "early"] if work.seed else "results"
            ):
                shown = _results(work, first)
                line = gr.HTML(_told(first.line if first else ""), elem_id="line", padding=False)
        changes = [event for pair in zip(boxes, controls, strict=True) for event in _events(*pair)]
        options: dict[str, Any] = {
            "fn": _answer(work, [control.name for control in controls], len(shown)),
            "inputs": boxes,
            "outputs": [*shown, line],
            "show_progress": "hidden",
            "concurrency_limit": 1,  # the devices work for one user at a time
            "concurrency_id": "devices",
        }
        gr.on([button.click, *changes], trigger_mode="always_last", **options)
        if another is not None:
            seed = boxes[[control.name for control in controls].index(work.seed)]
            another.click(lambda: secrets.randbelow(SEEDS + 1), outputs=seed).then(**options)
    return page


def _left(work: Work, controls: Sequence[Control]) -> tuple[list[Any], Any, Any]:
    """A component for each control, under the titles of their groups, and the buttons.

    The buttons follow the group of the seed, or the last group where there is no seed.
    """
    found: dict[str, Any] = {}
    groups = list(dict.fromkeys(control.group for control in controls))
    last = next((control.group for control in controls if control.name == work.seed), groups[-1])
    for group in groups:
        with gr.Group(elem_classes="group"):
            gr.HTML(f"<h2>{html.escape(group)}</h2>", padding=False, container=False)
            found |= {control.name: _box(control) for control in controls if control.group == group}
        if group == last:
            with gr.Row(elem_classes="buttons"):
                another = gr.Button("Another seed", min_width=120) if work.seed else None
                button = gr.Button(work.button, variant="primary", min_width=120, elem_id="make")
    return [found[control.name] for control in controls], button, another


def _box(control: Control) -> Any:
    common: dict[str, Any] = {"label": control.label, "elem_id": control.name, "interactive": True}
    if control.kind == "picture":
        box = gr.Image(
            type="filepath",
            sources=["upload", "clipboard"],
            height=220,
            buttons=[],
            elem_classes="upload",
            **common,
        )
        # gradio would open the file with limits and messages of its own.
        box.preprocess = lambda payload: payload and payload.path
        return box
    common |= {"value": control.value, "info": control.info or None}
    if control.kind == "number":
        return gr.Number(precision=0, **common)
    if control.kind == "slider":
        return gr.Slider(control.low, control.high, step=control.step, **common)
    kinds = {"choice": gr.Dropdown, "radio": gr.Radio, "several": gr.CheckboxGroup}
    return kinds[control.kind](list(control.options), **common)


def _events(box: Any, control: Control) -> list[Any]:
    """The events of a component on which the page makes its pictures again."""
    if control.kind == "slider":
        return [box.release]
    if control.kind == "picture":
        return [box.upload]
    return [box.submit] if control.kind == "number" else [box.input]


def _results(work: Work, first: Made | None) -> list[Any]:
    """A component for each picture that comes back, beside each other where there is room."""
    pictures = first.pictures if first else (None,) * len(work.results)
    boxes = []
    with gr.Row(equal_height=False):
        for i, (name, picture) in enumerate(zip(work.results, pictures, strict=True)):
            with gr.Column(min_width=200):
                gr.HTML(f"<h3>{html.escape(name)}</h3>", padding=False)
                box = gr.Image(
                    picture if picture is None else _plain(picture),
                    label=name,
                    show_label=False,
                    format="png",
                    interactive=False,
                    buttons=["download", "fullscreen"],
                    elem_id=f"result_{i}",
                    elem_classes=["result", "small"] if work.small else ["result"],
                )
                boxes.append(box)
    return boxes


def _answer(work: Work, names: Sequence[str], pictures: int) -> Callable[..., Iterator[tuple[Any, ...]]]:
    """What the button does: lines about the work, then the pictures; a refusal is a line, too."""

    def answer(*values: Any) -> Iterator[tuple[Any, ...]]:
        kept = (gr.skip(),) * pictures
        try:
            for made in work.make(dict(zip(names, values, strict=True))):
                if isinstance(made, Made):
                    yield (*map(_plain, made.pictures), _told(made.line))
                else:
                    yield (*kept, _told(made))
        except GanJaxError as error:
            yield (*kept, _told(str(error), "refused"))

    return answer


def _told(line: str, kind: str = "told") -> str:
    return f'<p class="{kind}">{html.escape(line)}</p>'


def _plain(picture: Any) -> Any:
    """A picture as gradio takes it: [H, W] for one channel."""
    return picture[..., 0] if picture.shape[-1] == 1 else picture
