"""Tiny models with random weights, saved as the libraries save real ones; one for each family.

Everything is of the real classes; only widths, depths and vocabularies are small.
"""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import pytest

torch: Any = pytest.importorskip("torch")
hf: Any = pytest.importorskip("transformers")
library: Any = pytest.importorskip("sentence_transformers", "5.4")
from sentence_transformers import SentenceTransformer  # noqa: E402
from sentence_transformers.base.modules import Router, Transformer  # noqa: E402
from sentence_transformers.sentence_transformer.modules import Pooling  # noqa: E402

VERSION = tuple(int(number) for number in library.__version__.split(".")[:2])
LETTERS = string.ascii_lowercase + string.digits + ":.,!?'/"
CARD = "---\nlicense: apache-2.0\ntags: [tiny]\n---\n# A tiny model\n"
HEADS = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2}


def plain(folder: Path) -> Path:
    """A BERT with pooling and prompts, as `SentenceTransformer.save_pretrained` writes it."""
    torch.manual_seed(0)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS]
    words += [f"##{letter}" for letter in LETTERS]
    config = hf.BertConfig(
        vocab_size=len(words), num_hidden_layers=2, max_position_embeddings=64, **HEADS
    )
    bert = folder.with_name(folder.name + "-bert")
    hf.BertModel(config).save_pretrained(bert)
    hf.BertTokenizer(vocab=_numbered(words), model_max_length=64).save_pretrained(bert)
    modules: Any = [Transformer(str(bert)), Pooling(32, "mean")]
    prompts = {"query": "query: ", "document": "passage: "}
    SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save_pretrained(str(folder))
    (folder / "README.md").write_text(CARD)
    return folder


def cross(folder: Path, *, labels: int = 1) -> Path:
    """A BERT that judges pairs, as `CrossEncoder.save_pretrained` writes it."""
    torch.manual_seed(5)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS]
    words += [f"##{letter}" for letter in LETTERS]
    shape = {"vocab_size": len(words), "num_hidden_layers": 2, "max_position_embeddings": 64}
    config = hf.BertConfig(num_labels=labels, initializer_range=0.5, **shape, **HEADS)
    bert = folder.with_name(folder.name + "-bert")
    hf.BertForSequenceClassification(config).save_pretrained(bert)
    hf.BertTokenizer(vocab=_numbered(words), model_max_length=64).save_pretrained(bert)
    library.CrossEncoder(str(bert), device="cpu").save_pretrained(str(folder))
    return folder


def seeing_cross(folder: Path) -> Path:
    """A Gemma 3 that judges pairs of words and pictures, as transformers saves it."""
    torch.manual_seed(6)
    told = {"image_token": "<image_soft_token>", "boi_token": "<start_of_image>"}
    told["eoi_token"] = "<end_of_image>"
    words = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *told.values(), "\n\n", "▁"]
    vocabulary = _numbered([*words, *LETTERS, *(f"<0x{one:02X}>" for one in range(256))])
    tokenizer = hf.GemmaTokenizer(
        vocab=vocabulary, merges=[], extra_special_tokens=told, model_max_length=512
    )
    text = {"vocab_size": len(tokenizer) + 4, "num_hidden_layers": 2, "num_key_value_heads": 1}
    text |= {"head_dim": 16, "sliding_window": 64, **HEADS}
    vision = {"image_size": 32, "patch_size": 8, "num_hidden_layers": 1, **HEADS}
    places = {name.replace("token", "token_index"): vocabulary[one] for name, one in told.items()}
    config = hf.Gemma3Config(
        text_config={**text, "initializer_range": 0.5},
        vision_config={**vision, "vision_use_head": False},
        mm_tokens_per_image=4,
        num_labels=1,
        pad_token_id=0,
        **places,
    )
    hf.Gemma3ForSequenceClassification(config).save_pretrained(folder)
    pictures = hf.Gemma3ImageProcessorPil(size={"height": 32, "width": 32})
    hf.Gemma3Processor(
        pictures, tokenizer, chat_template=_PAIRS, image_seq_length=4
    ).save_pretrained(folder)
    return folder


_PAIRS = (
    "{{ bos_token }}{% for message in messages %}{% if message['content'] is string %}"
    "{{ message['content'] }}{% else %}{% for item in message['content'] %}"
    "{% if item['type'] == 'text' %}{{ item['text'] }}{% else %}<start_of_image>{% endif %}"
    "{% endfor %}{% endif %}\n\n{% endfor %}"
)


def clip(folder: Path) -> Path:
    """A CLIP as transformers saves it: no modules.json, two towers and their projections."""
    torch.manual_seed(1)
    words = ["<|startoftext|>", "<|endoftext|>", *LETTERS, *(f"{one}</w>" for one in LETTERS)]
    tokenizer = hf.CLIPTokenizer(vocab=_numbered(words), merges=[], model_max_length=77)
    size = {"height": 32, "width": 32}
    pictures = hf.CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=size)
    text = {"vocab_size": len(words), "num_hidden_layers": 2, **HEADS}
    text |= {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}
    vision = {"image_size": 32, "patch_size": 8, "num_hidden_layers": 2, **HEADS}
    config = hf.CLIPConfig(text_config=text, vision_config=vision, projection_dim=24)
    hf.CLIPModel(config).save_pretrained(folder)
    hf.CLIPProcessor(pictures, tokenizer).save_pretrained(folder)
    return folder


def siglip(folder: Path) -> Path:
    """A SigLIP: no projection, its texts always 16 tokens long."""
    torch.manual_seed(2)
    words = ["<pad>", "</s>", "<unk>", "▁", *LETTERS]
    tokenizer = hf.T5Tokenizer(vocab=[(word, 0.0) for word in words], model_max_length=16)
    pictures = hf.SiglipImageProcessorPil(size={"height": 32, "width": 32})
    text = {"vocab_size": len(tokenizer), "max_position_embeddings": 16, "num_hidden_layers": 1}
    vision = {"image_size": 32, "patch_size": 8, "num_hidden_layers": 1, **HEADS}
    config = hf.SiglipConfig(text_config={**text, **HEADS}, vision_config=vision)
    hf.SiglipModel(config).save_pretrained(folder)
    hf.SiglipProcessor(pictures, tokenizer).save_pretrained(folder)
    return folder


def clap(folder: Path, *, fused: bool = False) -> Path:
    """A CLAP that hears 2 s at 16 kHz; the fused kind treats long sounds in a way of its own."""
    torch.manual_seed(3)
    tokenizer = _bytes(hf.RobertaTokenizer, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    listener = hf.ClapFeatureExtractor(
        feature_size=16,
        sampling_rate=16_000,
        max_length_s=2,
        hop_length=160,
        fft_window_size=512,
        frequency_max=8_000,
        truncation="fusion" if fused else "rand_trunc",
    )
    text = {"vocab_size": len(tokenizer), "max_position_embeddings": 64, "num_hidden_layers": 2}
    sound: dict[str, Any] = {
        "spec_size": 64,
        "num_mel_bins": 16,
        "window_size": 4,
        "mlp_ratio": 2.0,
    }
    sound |= {"patch_embeds_hidden_size": 8, "hidden_size": 16, "enable_fusion": fused}
    sound |= {"depths": [1, 1], "num_attention_heads": [2, 2], "num_hidden_layers": 2}
    config = hf.ClapConfig(text_config={**text, **HEADS}, audio_config=sound, projection_dim=24)
    hf.ClapModel(config).save_pretrained(folder)
    hf.ClapProcessor(listener, tokenizer).save_pretrained(folder)
    return folder


def routed(folder: Path) -> Path:
    """An omni model made of parts: a router sends texts, pictures and sounds to towers of 24."""
    towers = {name: folder.with_name(f"{folder.name}-{name}") for name in ("clip", "clap")}
    clip(towers["clip"])
    clap(towers["clap"])
    seeing, hearing = (Transformer(str(tower)) for tower in towers.values())
    routes = {"text": [seeing], "image": [seeing], "audio": [hearing]}
    model = SentenceTransformer(modules=[Router(routes)], device="cpu")
    model.save_pretrained(str(folder))
    return folder


def gemma(folder: Path) -> Path:
    """An EmbeddingGemma 2: one backbone that reads text, pictures, films and sounds together."""
    torch.manual_seed(4)
    told: dict[str, Any] = {
        "image_token": "<|image|>",
        "boi_token": "<|image>",
        "eoi_token": "<image|>",
    }
    told |= {"audio_token": "<|audio|>", "boa_token": "<|audio>", "eoa_token": "<audio|>"}
    words = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *told.values(), "<|video|>", "▁"]
    vocabulary = _numbered([*words, *LETTERS, *(f"<0x{one:02X}>" for one in range(256))])
    tokenizer = hf.GemmaTokenizer(
        vocab=vocabulary, merges=[], extra_special_tokens=told, model_max_length=4_096
    )
    heads = {"num_hidden_layers": 2, "num_key_value_heads": 1, "head_dim": 16, **HEADS}
    text = {"vocab_size": len(tokenizer) + 8, "global_head_dim": 16, "embedding_dim": 24, **heads}
    text |= {"hidden_size_per_layer_input": 8, "sliding_window_pattern": 2}
    vision = {"model_type": "gemma4_vision", "position_embedding_size": 1024, **heads}
    vision |= {"num_key_value_heads": 2}
    sound = {"model_type": "gemma4_audio", "hidden_size": 32, "num_attention_heads": 2}
    sound |= {"num_hidden_layers": 1, "output_proj_dims": 32, "subsampling_conv_channels": [128, 4]}
    tokens = {"boi_token_id": "<|image>", "eoi_token_id": "<image|>", "image_token_id": "<|image|>"}
    tokens |= {"boa_token_id": "<|audio>", "eoa_token_index": "<audio|>"}
    tokens |= {"audio_token_id": "<|audio|>", "video_token_id": "<|video|>"}
    config = hf.EmbeddingGemma2Config(
        text_config=text,
        vision_config=vision,
        audio_config=sound,
        **{name: vocabulary[token] for name, token in tokens.items()},
    )
    hf.EmbeddingGemma2Model(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    change(folder / "tokenizer_config.json", processor_class="EmbeddingGemma2Processor")
    (folder / "chat_template.jinja").write_text(_TEMPLATE)
    # as its processor writes it, which cannot be made without torchvision
    told = {"processor_class": "EmbeddingGemma2Processor", "audio_seq_length": 50}
    pictures = json.loads(hf.Gemma4ImageProcessorPil(max_soft_tokens=70).to_json_string())
    told["image_processor"] = {**pictures, "image_processor_type": "Gemma4ImageProcessor"}
    told["feature_extractor"] = json.loads(hf.Gemma4AudioFeatureExtractor().to_json_string())
    told["video_processor"] = {"video_processor_type": "EmbeddingGemma2VideoProcessor", "fps": 1}
    (folder / "processor_config.json").write_text(json.dumps(told))
    return folder


_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{% for item in message['content'] %}"
    "{% if item['type'] == 'text' %}{{ item['text'] }}"
    "{% else %}{{ '<|' + item['type'] + '|>' }}{% endif %}"
    "{% endfor %}{% endfor %}{{ eos_token }}"
)


def change(path: Path, **told: Any) -> None:
    """Change entries of a JSON file."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **told}))


def _numbered(words: list[str]) -> dict[str, int]:
    return {word: number for number, word in enumerate(dict.fromkeys(words))}


def _bytes(kind: Any, special: list[str]) -> Any:
    """Make a tokenizer whose tokens are bytes."""
    from tokenizers.pre_tokenizers import ByteLevel

    words = [*special, *sorted(ByteLevel.alphabet())]
    return kind(vocab=_numbered(words), merges=[], model_max_length=60)
