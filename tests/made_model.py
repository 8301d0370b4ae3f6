"""Tiny sentence-transformers models with random weights, of the usual architectures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("prompted", "cls", "dense", "roberta", "mpnet", "distilbert")
_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
_WORDS = [
    "care",
    "leavers",
    "a",
    "school",
    "for",
    "staff",
    "risk",
    "housing",
    "early",
    "query",
    "passage",
    ":",
    ",",
    ".",
    "!",
]
_SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 40,
}


def write_model(folder: Path, kind: str) -> None:
    """Save a model of that kind into the new folder: 16 numbers a vector, 32 tokens a text."""
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415
    from sentence_transformers.sentence_transformer import modules  # noqa: PLC0415

    torch.manual_seed(7)
    vocabulary = {word: at for at, word in enumerate([*_SPECIAL, *_WORDS])}
    sizes: dict[str, Any] = {**_SIZES, "vocab_size": len(vocabulary), "pad_token_id": 0}
    bare: Any
    if kind == "roberta":
        bare = transformers.RobertaModel(transformers.RobertaConfig(**sizes))
    elif kind == "mpnet":
        bare = transformers.MPNetModel(transformers.MPNetConfig(**sizes))
    elif kind == "distilbert":
        bare = transformers.DistilBertModel(
            transformers.DistilBertConfig(
                dim=16, n_layers=2, n_heads=2, hidden_dim=32, vocab_size=len(vocabulary)
            )
        )
    else:
        bare = transformers.BertModel(transformers.BertConfig(**sizes))
    plain = folder.with_name(f"{folder.name}-bare")
    bare.save_pretrained(plain)
    tokenizer = transformers.BertTokenizer(vocab=vocabulary, model_max_length=32)
    if kind in ("roberta", "mpnet", "distilbert"):
        tokenizer.model_input_names = ["input_ids", "attention_mask"]
    tokenizer.save_pretrained(plain)
    words = modules.Transformer(str(plain), max_seq_length=32)
    layers = [words, modules.Pooling(16, pooling_mode="cls" if kind == "cls" else "mean")]
    if kind == "dense":
        layers.append(modules.Dense(16, 8))
    if kind != "cls":
        layers.append(modules.Normalize())
    prompts = {"query": "query: ", "document": "passage: "} if kind == "prompted" else None
    SentenceTransformer(modules=layers, prompts=prompts).save(str(folder))
