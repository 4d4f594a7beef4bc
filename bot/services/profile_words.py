"""The words that members put into their Roblox profile, and how they are found there.

Roblox filters profile texts and may replace what it dislikes by `#`; what it does to random letters
is not documented, so the words are ones that everybody uses.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence

# Things of a garden, a kitchen, a workshop and the weather: no people, bodies, beasts, colours,
# numbers, weapons, faiths or nations, and nothing that becomes rude beside another of them.
_LIST = """
acorn anchor apple apricot autumn backpack bakery balcony barley basket bicycle birch biscuit
blanket blossom bookshelf bottle bracelet breeze bridge bucket butter button cabin calendar candle
canvas carpet carrot castle cedar chalk cinnamon cloud clover coconut compass cookie copper corner
cottage curtain daisy desert diamond doorbell drizzle elevator envelope feather fern flute forest
fountain galaxy garden ginger glacier granite gravel guitar hammock harbor harvest helmet hillside
horizon island jacket jasmine jigsaw kettle keyboard ladder lagoon lantern lavender lemon library
lighthouse magnet maple marble meadow meteor mirror mitten mountain notebook nutmeg oatmeal ocean
orchard paddle pancake parsley pebble pencil pepper piano picnic pillow pocket pottery pumpkin
puzzle quartz rainbow raisin ribbon river rosemary sailboat sandwich satellite scarf shovel signal
spoon summer teapot thimble thunder ticket toast violin willow window
"""
WORDS = tuple(_LIST.split())
LENGTH = 4

# 4 of 128 words are 28 bits. A code is no secret: whoever it is for shows it to everybody. It must
# only not stand in a profile by chance. One that is full of our words has some 200 places where a
# code could begin: one chance in a million for each new code, and only the profile's owner can fill
# it so. Five tries with pauses leave guessing no way in either, for there is nothing to guess.


def make_words(choose: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """A new code: different words, separated by spaces."""
    words: list[str] = []
    while len(words) < LENGTH:
        word = choose(WORDS)
        if word not in words:
            words.append(word)
    return " ".join(words)


def contains(profile: str, words: str) -> bool:
    """Whether the words stand there in this order, whatever the case, spacing and signs between."""
    return _letters(words) in _letters(profile)


def looks_filtered(profile: str) -> bool:
    """Whether Roblox seems to have replaced something in this text."""
    return "##" in profile


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
