"""Models in the shapes of the presets with random weights, and what prepares their input: nothing is downloaded."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

WORDS = ["hello", "there", "friend"]


def shapes(dry: bool) -> dict[str, tuple[Any, Any]]:
    """Return name -> class and configuration."""
    import transformers as t

    words = {"vocab_size": 400}
    if dry:
        tiny = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
        waves = {**tiny, "conv_dim": (8,) * 7, "num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2}
        heard = {"d_model": 16, "encoder_layers": 2, "decoder_layers": 1, "encoder_attention_heads": 2}
        return {
            "bert_tiny": (t.BertModel, t.BertConfig(**tiny, **words)),
            "hubert_tiny": (t.HubertModel, t.HubertConfig(**waves)),
            "whisper_tiny": (t.WhisperModel, t.WhisperConfig(**heard, decoder_attention_heads=2, encoder_ffn_dim=24)),
            "clip_tiny": (t.CLIPVisionModel, t.CLIPVisionConfig(**tiny, patch_size=14, image_size=28)),
            "videomae_tiny": (t.VideoMAEModel, t.VideoMAEConfig(**tiny, image_size=32)),
        }
    large = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
    waves = {**large, "do_stable_layer_norm": True, "feat_extract_norm": "layer"}
    seven = {"hidden_size": 4096, "num_hidden_layers": 8, "num_attention_heads": 32, "intermediate_size": 11008}
    heard = {"d_model": 512, "encoder_layers": 6, "decoder_layers": 1, "encoder_attention_heads": 8}
    return {
        "bert_base": (t.BertModel, t.BertConfig(**words)),
        "bert_large": (t.BertModel, t.BertConfig(**large, **words)),
        "llama_7b_8_layers": (t.LlamaModel, t.LlamaConfig(**seven, **words)),
        "hubert_base": (t.HubertModel, t.HubertConfig()),
        "hubert_large": (t.HubertModel, t.HubertConfig(**waves)),
        "wavlm_large": (t.WavLMModel, t.WavLMConfig(**waves)),
        "whisper_base": (t.WhisperModel, t.WhisperConfig(**heard, encoder_ffn_dim=2048)),
        "clip_large": (t.CLIPVisionModel, t.CLIPVisionConfig(**large, patch_size=14, image_size=224)),
        "videomae_base": (t.VideoMAEModel, t.VideoMAEConfig()),
    }


def write(folder: str, model: Any, config: Any) -> str:
    """Write a model with random weights and what prepares its input; return the file of harness/encoders for it."""
    import transformers as t

    torch.manual_seed(1)
    model(config).to(torch.bfloat16).save_pretrained(folder)
    kind = config.model_type
    if kind in ("bert", "llama"):
        from tokenizers import ByteLevelBPETokenizer

        words, special = ByteLevelBPETokenizer(), ["<pad>", "<s>", "</s>", "<unk>"]
        words.train_from_iterator([" ".join(WORDS) * 9], vocab_size=390, special_tokens=special)
        names = {"pad_token": "<pad>", "unk_token": "<unk>", "eos_token": "</s>"}
        t.PreTrainedTokenizerFast(tokenizer_object=words._tokenizer, model_max_length=512, **names).save_pretrained(
            folder
        )
        return "hf_text"
    if kind in ("hubert", "wavlm"):
        masks = getattr(config, "feat_extract_norm", "") == "layer"
        t.Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=masks).save_pretrained(folder)
        return "hf_speech"
    if kind == "whisper":
        t.WhisperFeatureExtractor(feature_size=80).save_pretrained(folder)
        return "hf_speech"
    side = config.image_size
    given = {"size": {"shortest_edge": side}, "crop_size": {"height": side, "width": side}}
    (t.VideoMAEImageProcessor if kind == "videomae" else t.CLIPImageProcessor)(**given).save_pretrained(folder)
    return "hf_video" if kind == "videomae" else "hf_image"


def inputs(kind: str, dry: bool) -> list[Any]:
    """Return texts, sounds, or clips of frames at 360p, with lengths as corpora have them."""
    random = np.random.default_rng(1)
    n = 6 if dry else {"hf_text": 8192, "hf_speech": 512, "hf_image": 64, "hf_video": 24}[kind]
    if kind == "hf_text":
        counts = [max(1, int(random.lognormal(1.6, 0.6))) for _ in range(n)]
        return [" ".join(WORDS[k] for k in random.integers(0, 3, count)) for count in counts]
    if kind == "hf_speech":
        lengths = [int(16000 * np.clip(random.lognormal(1.1, 0.5), 0.5, 15)) for _ in range(n)]
        return [random.normal(0, 0.1, length).astype(np.float32) for length in lengths]
    frames, size = (8 if kind == "hf_image" else 16), ((40, 50) if dry else (360, 640))
    return [random.integers(0, 255, (frames, *size, 3)).astype(np.uint8) for _ in range(n)]
