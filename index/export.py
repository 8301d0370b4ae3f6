"""A sentence-transformers model → its export; with sentence-transformers and torch.

    DIR/models/SHA256-CODE/    model.onnx, model.onnx.data, tokenizer.json, encoder.json
                               reader.onnx, reader.onnx.data, closer.onnx, closer.onnx.data,
                               closer.tokenizer.json: where the model has readers

sentence-transformers defines the model; the export, named by the SHA-256 of the model and by the
code that made it, is held against it before it is used. torch runs in a process of its own: with
FAISS in one process it can crash on macOS, and it would hold 600 MB while an index is built.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import warnings
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index.adapter import Adapter, merge, read_adapter
from index.closer_base import is_installed, put_together
from index.encoder import (
    GRAPH,
    SETTINGS,
    TOKENIZER,
    WEIGHT_DATA,
    EncoderSettings,
    OnnxEncoder,
    PassageEncoder,
    read_settings,
    untrimmed,
)
from index.errors import ModelError
from index.files import FileRecord, file_record, sync
from index.manifest import MODELS, export_name
from index.models import MODEL_VARIABLE, Model, Readers, check_weights
from index.reader import CLOSER, QUICK
from index.windows import Vectors, joined, windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx
    from sentence_transformers import SentenceTransformer

_FILES = (GRAPH, WEIGHT_DATA, TOKENIZER, SETTINGS)
_ROOT = Path(__file__).parents[1]
_RECORDS = "export.json"
# The operator set of ONNX: 17 is the first with LayerNormalization, which runs as one operator.
OPSET = 17
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
# Of a matrix with 8 bits a number so many numbers share a scale, and what it is multiplied with has
# 8 bits, too (onnxruntime's MatMulNBits, accuracy_level 4), which is what makes it no slower.
_BLOCK = 64
_IN_8_BITS = 4
# Each sentence's cosine to the original must reach this; float32 gives 1 to six digits.
_LEAST_COSINE = 0.9999
# What the export is held against the original with: long and short together, so that some are
# padded; capitals, accents, figures, another script, and nothing at all.
_SENTENCES = (
    "How are care leavers supported?",
    "Young people over 18 are exceptionally well supported, wherever they live, until they are 25.",
    "LADO",
    "In 2019–20, 87% of the 1,204 referrals were decided on within one working day.",
    "Zoë’s café; naïve façades – ‘quoted’.",
    "漢字 и кириллица",
    "kids kept moving from home to home " * 12,
    "",
)
_EXPECTED = (
    ". Expected a folder saved by sentence-transformers; for the default model unset "
    f"{MODEL_VARIABLE}."
)
# Below so many texts the CPU is done before torch has told whether there is a GPU.
_WORTH_A_GPU = 5000


@dataclass(frozen=True, slots=True)
class Export:
    """An exported model: where it lies, what it was made from, and the record of each file."""

    model: Model
    folder: Path
    files: dict[str, FileRecord]
    encoding_sha256: str


def encoding_sha256() -> str:
    """A digest over the code and the libraries by which a text becomes a vector or is read.

    Over the code and not a version number, which a change of it could forget.
    """
    whole = hashlib.sha256()
    here = Path(__file__).parent
    for name in (
        "adapter.py",
        "closer_base.py",
        "encoder.py",
        "export.py",
        "reader.py",
        "reader_export.py",
        "sentences.py",
        "windows.py",
    ):
        whole.update(hashlib.sha256((here / name).read_bytes()).digest())
    whole.update(version("nupunkt").encode())
    return whole.hexdigest()


def exported(model: Model, index: Path) -> Export:
    """The export of `model` that lies with the index in `index`, made where it is missing.

    One that is damaged is made again, and one without a closer reader where its base is there now.
    Raises ModelError, and OSError where it cannot be written.
    """
    encoding = encoding_sha256()
    folder = index / MODELS / export_name(model.sha256, encoding)
    with contextlib.suppress(OSError, ValueError, TypeError):
        records = json.loads((folder / _RECORDS).read_text(encoding="utf-8"))
        files = {name: FileRecord(**record) for name, record in records.items()}
        whole = all(file_record(folder / name) == record for name, record in files.items())
        if whole and files.keys() >= set(_files(model)):
            return Export(model, folder, files, encoding)
    check_weights(model)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.parent / f"{secrets.token_hex(4)}.partial"
    partial.mkdir()
    try:
        _export_apart(model, partial)
        files = {name: file_record(partial / name) for name in _files(model)}
        records = {name: record.model_dump() for name, record in files.items()}
        (partial / _RECORDS).write_text(json.dumps(records, indent=2) + "\n", encoding="utf-8")
        for path in (*partial.iterdir(), partial):
            sync(path)
        shutil.rmtree(folder, ignore_errors=True)  # readers that hold a damaged one keep it open
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Export(model, folder, files, encoding)


def _files(model: Model) -> list[str]:
    """The names of the files of an export that is made now."""
    names = list(_FILES)
    if model.readers is not None:
        names += QUICK.names
        if is_installed():
            names += CLOSER.names
    return list(dict.fromkeys(names))  # the quick reader has the encoder's tokenizer


def _export_apart(model: Model, folder: Path) -> None:
    command = [sys.executable, "-m", "index.export", str(model.folder), str(folder.absolute())]
    command += [str(one.folder.absolute()) for one in model.adapters]
    done = subprocess.run(  # noqa: S603 - our own module
        command, cwd=_ROOT, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise ModelError(
            f"The model {model.name} cannot be used: {said[-1] if said else done.returncode}"
            + ("" if model.adapter else _EXPECTED)
        )


def export(
    source: Path, folder: Path, adapter: Adapter | None = None, readers: Readers | None = None
) -> None:
    """Write the export of the model in `source` into `folder`, and hold it against the original.

    `adapter` is merged into it first; `readers` are exported, too: the quick one is made of what
    `source` holds, the closer one of its own base, where that is installed.

    Raises ModelError where the model cannot be loaded or exported, or is another one afterwards.
    """
    import torch  # noqa: PLC0415

    original = load_original(source, adapter)
    settings = _settings(original)
    features = original.preprocess(["An example of some words.", "Two."])
    inputs = [name for name in _INPUTS if name in features]

    class Sentences(torch.nn.Module):
        """Tokens → sentence vectors, as one function of tensors, which is what can be exported."""

        def __init__(self) -> None:
            super().__init__()
            self.original = original

        def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
            features = dict(zip(inputs, tensors, strict=True))
            vectors: torch.Tensor = self.original(features)["sentence_embedding"]
            return vectors

    axes = {name: {0: "texts", 1: "tokens"} for name in inputs}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the tracer, about branches on shapes
            torch.onnx.export(
                Sentences().eval(),
                tuple(features[name] for name in inputs),
                folder / GRAPH,
                input_names=inputs,
                output_names=["vectors"],
                dynamic_axes={**axes, "vectors": {0: "texts"}},
                opset_version=OPSET,
                dynamo=False,
            )
    except Exception as error:  # the exporter raises whatever a model's code does
        what = f"{type(error).__name__}: {_first_line(error)}"
        raise ModelError(f"it cannot be exported to ONNX ({what})") from error
    with_weights_beside(folder / GRAPH, WEIGHT_DATA)
    original.tokenizer.backend_tokenizer.save(str(folder / TOKENIZER))
    (folder / SETTINGS).write_text(json.dumps(asdict(settings), indent=2) + "\n", encoding="utf-8")
    _hold_against(original, OnnxEncoder(folder))
    if readers is not None:
        from index.reader_export import export_reader  # noqa: PLC0415 - it imports torch

        export_reader(load_original(source), folder, readers.quick, QUICK)
        if not is_installed():
            return
        with tempfile.TemporaryDirectory(dir=folder) as place:
            base = load_original(put_together(Path(place)))
            base.tokenizer.backend_tokenizer.save(str(folder / CLOSER.tokenizer))
            export_reader(base, folder, readers.closer, CLOSER)


def with_weights_beside(graph: Path, data: str, *, short: bool = False) -> None:
    """Write the weights of the file `graph` anew, into a file `data` beside it.

    Readers map what lies there, and share it. `short` matrices have 8 bits a number, as much as is
    needed beside a scale of every _BLOCK numbers.
    """
    import onnx  # noqa: PLC0415

    model = onnx.load(graph)
    if short:
        model = _shortened(model)
    (graph.parent / data).unlink(missing_ok=True)  # it would be added to
    onnx.save_model(model, graph, save_as_external_data=True, location=data, size_threshold=0)
    # It is written for its owner's eyes only; an index may be read by others.
    (graph.parent / data).chmod(graph.stat().st_mode)


def _shortened(model: onnx.ModelProto) -> onnx.ModelProto:
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    from onnxruntime.quantization import matmul_nbits_quantizer  # noqa: PLC0415

    # It says of every node what it does, and has every library say as much.
    logging.getLogger(matmul_nbits_quantizer.__name__).setLevel(logging.WARNING)
    root.setLevel(level)
    root.handlers[:] = handlers
    quantizer = matmul_nbits_quantizer.MatMulNBitsQuantizer(
        model, bits=8, block_size=_BLOCK, is_symmetric=True, accuracy_level=_IN_8_BITS
    )
    quantizer.process()
    shortened: onnx.ModelProto = quantizer.model.model
    return shortened


def load_original(folder: Path, adapter: Adapter | None = None) -> SentenceTransformer:
    """The model in `folder` as sentence-transformers loads it, with `adapter` merged into it.

    Raises ModelError.
    """
    # Nothing may reach for the network, and the libraries look at these when imported.
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415
    from transformers.utils import logging  # noqa: PLC0415

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        original = SentenceTransformer(
            str(folder),
            local_files_only=True,
            # No pickled weights: they can run code.
            model_kwargs={"use_safetensors": True, "attn_implementation": "eager"},
        ).eval()
    except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise ModelError(f"it cannot be loaded ({_first_line(error)})") from error
    if adapter is not None:
        import torch  # noqa: PLC0415

        weights = {name: weight.numpy() for name, weight in original.state_dict().items()}
        merged = {name: torch.from_numpy(one) for name, one in merge(adapter, weights).items()}
        original.load_state_dict(merged, strict=False)
    return original


def _settings(original: SentenceTransformer) -> EncoderSettings:
    tokenizer: Any = original.tokenizer
    if not hasattr(tokenizer, "backend_tokenizer"):
        raise ModelError("it has no tokenizer.json, which is needed to run it without transformers")
    prompts = original.prompts
    usual = prompts.get(original.default_prompt_name or "", "")
    passage = next((name for name in ("document", "passage", "corpus") if name in prompts), "")
    return EncoderSettings(
        dimension=int(original.get_embedding_dimension() or 0),
        max_tokens=int(original.max_seq_length or 512),
        pad_id=int(tokenizer.pad_token_id or 0),
        query_prompt=prompts.get("query", usual) or "",
        passage_prompt=prompts.get(passage, usual) or "",
    )


def _hold_against(original: SentenceTransformer, export: OnnxEncoder) -> None:
    # Of what is longer the original reads the beginning, and we read all.
    sentences = [sentence for sentence in _SENTENCES if export.reads_whole(sentence)]
    for kind, encode, encoded in (
        ("question", original.encode_query, export.encode_questions),
        ("passage", original.encode_document, export.encode_passages),
    ):
        expected = encode(sentences, normalize_embeddings=True, show_progress_bar=False)
        cosines = np.sum(np.asarray(expected) * encoded(sentences), axis=1)
        worst = int(np.argmin(cosines))
        if not cosines[worst] >= _LEAST_COSINE:
            raise ModelError(
                f"its export encodes otherwise than the original: as a {kind}, "
                f"{sentences[worst][:40]!r} has cosine {cosines[worst]:.5f} to it, and "
                f"{_LEAST_COSINE} is the least"
            )


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


class SentenceTransformerEncoder:
    """A model run by sentence-transformers itself, for passages on a GPU."""

    def __init__(self, export: Export) -> None:
        self._settings = read_settings(export.folder)
        self._original = load_original(export.model.folder, export.model.adapter)
        self._tokenizer = untrimmed(self._original.tokenizer.backend_tokenizer)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a passage, as OnnxEncoder: float32 of shape (len(texts), dimension)."""
        tokenizer, settings = self._tokenizer, self._settings
        prompted = len(tokenizer.encode(settings.passage_prompt).ids)
        parts: list[str] = []
        owners: list[int] = []
        weights: list[int] = []
        for owner, text in enumerate(texts):
            for start, end, tokens in windows(text, tokenizer, settings.max_tokens - prompted):
                parts.append(text[start:end])
                owners.append(owner)
                weights.append(tokens)
        vectors = self._original.encode_document(
            parts, normalize_embeddings=True, show_progress_bar=False
        )
        return joined(np.asarray(vectors, dtype=np.float32), owners, weights, len(texts))


def passage_encoder(export: Export, texts: int) -> PassageEncoder:
    """What encodes so many passages soonest: a GPU where torch sees one, else every core."""
    if texts >= _WORTH_A_GPU and _sees_gpu():
        return SentenceTransformerEncoder(export)
    return OnnxEncoder(export.folder, in_bulk=True)


def _sees_gpu() -> bool:
    # macOS has no CUDA, and must not have torch and FAISS in one process. A build of torch for the
    # CPU says so in its version, which spares importing it.
    if sys.platform == "darwin" or version("torch").endswith("+cpu"):
        return False
    import torch  # noqa: PLC0415

    return torch.cuda.is_available()


if __name__ == "__main__":
    try:
        source, target, *adapters = map(Path, sys.argv[1:])
        adapter, *readers = map(read_adapter, adapters) if adapters else [None]
        export(source, target, adapter, Readers(*readers) if readers else None)
    except ModelError as error:
        sys.exit(str(error))
