"""Tiny random-weight models of every architecture that the presets use, saved as their publishers save them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

SENTENCES = ["I am happy today.", "Go away!", "why are you here", "我今天很开心。", "滚开！", "你怎么来了"]
SMALL = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 24}
CONVOLUTIONS = {"conv_dim": (8, 8, 8), "conv_kernel": (10, 4, 4), "conv_stride": (5, 4, 4)}
WAVES = {**SMALL, **CONVOLUTIONS, "num_feat_extract_layers": 3, "num_conv_pos_embeddings": 8,
         "num_conv_pos_embedding_groups": 2, "vocab_size": 12}  # fmt: skip
DECODER = {**SMALL, "max_position_embeddings": 64, "vocab_size": 400}
RELATIVE = {"vocab_size": 400, "max_position_embeddings": 64, "relative_attention": True, "position_buckets": 8,
            "pos_att_type": ["c2p", "p2c"], "position_biased_input": False, "norm_rel_ebd": "layer_norm",
            "share_att_key": True}  # fmt: skip
SPEECH = [
    "wav2vec2_group", "wav2vec2_layer", "hubert_group", "hubert_layer", "wavlm", "wavlm_layer", "data2vec_audio",
    "whisper",
]  # fmt: skip
TEXT = ["bert", "roberta", "deberta", "xlm_roberta", "llama", "bloom", "glm"]


@cache
def tiny(name: str) -> Path:
    """Make a model once and return its folder."""
    import torch

    folder = Path(mkdtemp(prefix=f"tiny-{name}-"))
    torch.manual_seed(3)
    make = _speech if name in SPEECH else _text if name in TEXT else _vision
    make(name, folder)
    return folder


def _speech(name: str, folder: Path) -> None:
    import transformers as t

    kind, _, norm = name.partition("_")
    if name == "whisper":
        sizes = {"d_model": 16, "encoder_layers": 3, "decoder_layers": 1, "encoder_attention_heads": 2,
                 "decoder_attention_heads": 2, "encoder_ffn_dim": 24, "decoder_ffn_dim": 24, "num_mel_bins": 80,
                 "max_source_positions": 1500, "max_target_positions": 16, "vocab_size": 60, "pad_token_id": 1,
                 "bos_token_id": 1, "eos_token_id": 1, "decoder_start_token_id": 1}  # fmt: skip
        t.WhisperModel(t.WhisperConfig(**sizes)).save_pretrained(folder)
        t.WhisperFeatureExtractor(feature_size=80).save_pretrained(folder)
        return
    made: Any
    if kind == "wavlm":
        stable = norm == "layer"  # as the large one is
        buckets = {"num_buckets": 16, "max_bucket_distance": 40}
        made = t.WavLMModel(t.WavLMConfig(**WAVES, **buckets, feat_extract_norm="layer", do_stable_layer_norm=stable))
    elif kind == "data2vec":
        made = t.Data2VecAudioModel(
            t.Data2VecAudioConfig(**{**WAVES, "num_conv_pos_embeddings": 2}, conv_pos_kernel_size=5)
        )
    else:
        config, model = {
            "wav2vec2": (t.Wav2Vec2Config, t.Wav2Vec2Model), "hubert": (t.HubertConfig, t.HubertModel)
        }[kind]  # fmt: skip
        stable = norm == "layer"  # as the large ones are
        made = model(config(**WAVES, feat_extract_norm=norm, do_stable_layer_norm=stable))
    made.save_pretrained(folder)
    mask = norm != "group"
    t.Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=mask).save_pretrained(folder)


def _text(name: str, folder: Path) -> None:
    import transformers as t

    models = {
        "bert": lambda: t.BertModel(t.BertConfig(**SMALL, vocab_size=400, max_position_embeddings=64)),
        "roberta": lambda: t.RobertaModel(t.RobertaConfig(**SMALL, vocab_size=400, max_position_embeddings=66)),
        "xlm_roberta": lambda: t.XLMRobertaModel(
            t.XLMRobertaConfig(**SMALL, vocab_size=400, max_position_embeddings=66)
        ),
        "deberta": lambda: t.DebertaV2Model(t.DebertaV2Config(**SMALL, **RELATIVE)),
        "llama": lambda: t.LlamaModel(t.LlamaConfig(**DECODER, num_key_value_heads=2)),
        "bloom": lambda: t.BloomModel(t.BloomConfig(hidden_size=16, n_layer=3, n_head=2, vocab_size=400)),
        "glm": lambda: t.GlmModel(t.GlmConfig(**DECODER, num_key_value_heads=1, head_dim=8, pad_token_id=0)),
    }
    models[name]().save_pretrained(folder)
    _tokenizer(name).save_pretrained(folder)


def _tokenizer(name: str) -> Any:
    """Train a real byte-pair tokenizer on the sentences; the encoders' has tokens around a text, the decoders' none."""
    import transformers as t
    from tokenizers import ByteLevelBPETokenizer
    from tokenizers.processors import TemplateProcessing

    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(SENTENCES, vocab_size=390, special_tokens=["<pad>", "<s>", "</s>", "<unk>"])
    backend = trained._tokenizer
    if name in ("llama", "bloom", "glm"):
        return t.PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="</s>", unk_token="<unk>")
    backend.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
    marks = {"pad": "<pad>", "bos": "<s>", "eos": "</s>", "cls": "<s>", "sep": "</s>", "unk": "<unk>"}
    named = {f"{name}_token": mark for name, mark in marks.items()}
    return t.PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=64, **named)


IMAGES = ["clip", "dinov2", "data2vec_vision"]
SEEING = {**SMALL, "image_size": 28, "patch_size": 14}


def _vision(name: str, folder: Path) -> None:
    import transformers as t

    text = {**SMALL, "vocab_size": 30, "max_position_embeddings": 8}
    models = {
        "clip": lambda: t.CLIPModel(t.CLIPConfig(text_config=text, vision_config=SEEING, projection_dim=12)),
        "dinov2": lambda: t.Dinov2Model(t.Dinov2Config(**SEEING)),
        "data2vec_vision": lambda: t.Data2VecVisionModel(t.Data2VecVisionConfig(**SEEING)),
        "videomae": lambda: t.VideoMAEModel(t.VideoMAEConfig(**SEEING, num_frames=4, tubelet_size=2)),
    }
    models[name]().save_pretrained(folder)
    size, crop = {"shortest_edge": 28}, {"height": 28, "width": 28}
    processors = {
        "clip": lambda: t.CLIPImageProcessor(size=size, crop_size=crop),
        "dinov2": lambda: t.BitImageProcessor(size=size, crop_size=crop),
        "data2vec_vision": lambda: t.BeitImageProcessor(size=crop, do_center_crop=False),
        "videomae": lambda: t.VideoMAEImageProcessor(size=size, crop_size=crop),
    }
    processors[name]().save_pretrained(folder)
