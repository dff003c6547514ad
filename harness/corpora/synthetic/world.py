"""Draw utterances from a world whose truth is known: the default study, and the oracle of the tests.

A word of an utterance is either a filler or a *cue* of its class. With probability `shift` a cue is taken from the
corpus' private vocabulary instead of the shared one: at 0 every corpus speaks alike and a cross-corpus cell equals
its in-domain cell, at 1 nothing that betrays the class is shared and a cross-corpus cell falls to its floor.
Every text exists in Chinese and in English, word for word, so that the translation routes are exact.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.study.labels import EMOTION7
from harness.study.utterance import Split

PAUSE = 0.15  # seconds between two turns
NEGATIVE = frozenset(("sad", "anger", "disgust", "fear"))


@dataclass(frozen=True, slots=True)
class World:
    """The truth of a synthetic study; every figure between 0 and 1 unless it is a count.

    Args:
        signal: share of words that betray the class.
        shift: share of those that are private to a corpus.
        prior_shift: how far each corpus' class prior is from the common one.
        label_noise: share of labels replaced by a random class.
        persistence: probability that a turn keeps the class of the turn before.
        voice, face: how strongly the class shows in the sound and in the picture, 0 not at all.
        utterances, dialogues, speakers: counts per corpus.
        seed: everything is a function of it.
    """

    signal: float = 0.3
    shift: float = 0.3
    prior_shift: float = 0.3
    label_noise: float = 0.1
    persistence: float = 0.4
    utterances: int = 800
    dialogues: int = 110
    speakers: int = 12
    voice: float = 1.0
    face: float = 1.0
    seed: int = 20261123


@dataclass(frozen=True, slots=True)
class Drawn:
    """One drawn utterance, before any corpus' layout: what a writer in `adapters/_synthetic` puts on disk.

    `dialogue`, `speaker` and `partner` are indices from 0; `turn` counts from 0 in the dialogue. A dialogue has two
    speakers, and speakers and dialogues lie in one split and one fold. `emotion` is a class of `emotion7` and
    `views` the class that each single modality would be given; `valence` lies on {-1, -.8, ..., 1} and its sign is
    the polarity. `start` and `end` are seconds from the start of the dialogue.
    """

    split: Split
    fold: int  # 1..5, for a corpus that is split by session
    dialogue: int
    turn: int
    speaker: int
    partner: int
    gender: str  # "female" | "male"
    text: Mapping[str, str]  # language ("zh", "en") -> the same words
    emotion: str
    views: Mapping[str, str]  # "text" | "audio" | "video" -> class of emotion7
    valence: float
    start: float
    end: float
    votes: Mapping[str, str] = field(default_factory=dict)  # "annotator1".."annotator3" -> class of emotion7


def _words_of(text: str) -> tuple[tuple[str, str], ...]:
    """Split "zh=en zh=en" into pairs; an underscore stands for a space in the English word."""
    return tuple((zh, en.replace("_", " ")) for zh, en in (pair.split("=") for pair in text.split()))


CUES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "happy": _words_of("开心=happy 高兴=glad 快乐=joyful 喜欢=like 太棒=great 幸福=blessed"),
    "surprise": _words_of("惊讶=surprised 居然=unexpectedly 天啊=wow 突然=suddenly 意外=accident 真的吗=really"),
    "sad": _words_of("难过=sad 伤心=heartbroken 哭泣=crying 可怜=pitiful 失去=lost 孤独=lonely"),
    "disgust": _words_of("恶心=disgusting 讨厌=hate 肮脏=filthy 难闻=stinky 厌烦=fed_up 呕吐=vomit"),
    "anger": _words_of("生气=angry 愤怒=furious 混蛋=bastard 滚开=get_out 闭嘴=shut_up 烦人=annoying"),
    "fear": _words_of("害怕=afraid 恐惧=terror 可怕=scary 危险=danger 救命=help 担心=worried"),
    "neutral": _words_of("可以=okay 知道=know 时间=time 地方=place 明白=understand 一般=usual"),
}
FILLERS = _words_of(
    "我们=we 他们=they 今天=today 明天=tomorrow 昨天=yesterday 这个=this 那个=that 电话=phone 公司=company "
    "学校=school 朋友=friend 医生=doctor 老师=teacher 孩子=child 房子=house 桌子=table 窗户=window 汽车=car "
    "火车=train 米饭=rice 面包=bread 咖啡=coffee 电影=movie 音乐=music 走路=walk 睡觉=sleep 工作=work "
    "吃饭=eat 看见=see 说话=speak"
)
_SYLLABLES = ("ba", "do", "fi", "gu", "ke", "lo", "mi", "nu", "pa", "re", "so", "ti", "vu", "wa", "ze")
_CHARACTERS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥乾坤震巽坎离艮兑宫商角徵羽"


def draw(world: World, corpus: str) -> list[Drawn]:
    """Draw one corpus, in dialogue and turn order; the same world and name always give the same rows."""
    chance = random.Random(f"{world.seed}/{corpus}")
    common = random.Random(f"{world.seed}/common")
    prior = _prior(world, chance)
    private = {emotion: _private_cues(common.random(), corpus, emotion) for emotion in EMOTION7.classes}
    habits = [chance.sample(FILLERS, k=len(FILLERS) // 2) for _ in range(world.speakers)]
    rows: list[Drawn] = []
    for dialogue in range(world.dialogues):
        split, fold, pair = _place(world, dialogue, chance)
        first = dialogue * world.utterances // world.dialogues
        turns = (dialogue + 1) * world.utterances // world.dialogues - first
        clock, emotion = 0.0, ""
        for turn in range(turns):
            if not emotion or chance.random() >= world.persistence:
                emotion = chance.choices(EMOTION7.classes, weights=prior)[0]
            words = _words(world, emotion, private[emotion], habits[pair[turn % 2]], chance)
            length = round(0.15 + 0.075 * len(words), 2)  # short, so that the sound of a study is small
            label = _noisy(world.label_noise, emotion, chance)
            rows.append(
                Drawn(
                    split=split,
                    fold=fold,
                    dialogue=dialogue,
                    turn=turn,
                    speaker=pair[turn % 2],
                    partner=pair[1 - turn % 2],
                    gender="female" if turn % 2 == 0 else "male",
                    text=_sentence(words),
                    emotion=label,
                    views={view: _noisy(0.3, label, chance) for view in ("text", "audio", "video")},
                    valence=_valence(label, chance),
                    start=clock,
                    end=round(clock + length, 2),
                    votes={f"annotator{n}": _noisy(0.2, label, chance) for n in (1, 2, 3)},
                )
            )
            clock = round(clock + length + PAUSE, 2)
    return rows


def _prior(world: World, chance: random.Random) -> list[float]:
    """Mix the common prior (neutral thrice as frequent as the rest) with one of the corpus' own."""
    common = [3.0 if emotion == "neutral" else 1.0 for emotion in EMOTION7.classes]
    own = [chance.gammavariate(2.0, 1.0) for _ in EMOTION7.classes]
    return [
        (1 - world.prior_shift) * c / sum(common) + world.prior_shift * o / sum(own)
        for c, o in zip(common, own, strict=True)
    ]


def _place(world: World, dialogue: int, chance: random.Random) -> tuple[Split, int, tuple[int, int]]:
    """Choose split, fold and the two speakers of a dialogue; speakers never cross folds, so never splits.

    Folds 1 to 3 are train, 4 is dev and 5 is test.
    """
    fold = dialogue % 5 + 1
    splits: tuple[Split, ...] = ("train", "train", "train", "dev", "test")
    members = [speaker for speaker in range(world.speakers) if speaker % 5 == fold - 1]
    female = members[0]
    male = chance.choice(members[1:])
    return splits[fold - 1], fold, (female, male)


def _words(
    world: World,
    emotion: str,
    private: tuple[tuple[str, str], ...],
    habit: list[tuple[str, str]],
    chance: random.Random,
) -> list[tuple[str, str]]:
    words = []
    for _ in range(chance.randint(4, 10)):
        if chance.random() < world.signal:
            words.append(chance.choice(private if chance.random() < world.shift else CUES[emotion]))
        else:
            words.append(chance.choice(habit))
    return words


def _private_cues(salt: float, corpus: str, emotion: str) -> tuple[tuple[str, str], ...]:
    """Make six words that only this corpus uses, and only for this class."""
    chance = random.Random(f"{salt}/{corpus}/{emotion}")
    return tuple(
        ("".join(chance.choices(_CHARACTERS, k=3)), "".join(chance.choices(_SYLLABLES, k=4))) for _ in range(6)
    )


def _noisy(rate: float, emotion: str, chance: random.Random) -> str:
    return chance.choice(EMOTION7.classes) if chance.random() < rate else emotion


def _sentence(words: list[tuple[str, str]]) -> dict[str, str]:
    return {
        "zh": "".join(zh for zh, _ in words) + "。",
        "en": " ".join(en for _, en in words).capitalize() + ".",
    }


def _valence(emotion: str, chance: random.Random) -> float:
    """Draw a valence on the .2 grid whose sign agrees with the emotion's polarity; surprise may be either."""
    if emotion == "neutral":
        return 0.0
    size = chance.choice((0.2, 0.4, 0.6, 0.8, 1.0))
    negative = emotion in NEGATIVE or (emotion == "surprise" and chance.random() < 0.5)
    return -size if negative else size
