"""Lines of a terminal as an SVG picture, in a light and a dark theme.

The text is text: it can be selected, searched and read aloud. Fonts are the reader's own, so each piece
is told where it begins and how long it is.
"""

from xml.sax.saxutils import escape

import screen

# The colours of the palette that keyctl uses: red, green, yellow, cyan.
THEMES = {
    "light": {
        "paper": "#ffffff", "frame": "#d1d9e0", "text": "#1f2328", "prompt": "#59636e",
        "1": "#b3261e", "2": "#1a6e2e", "3": "#855000", "6": "#0b6675",
    },
    "dark": {
        "paper": "#0d1117", "frame": "#3d444d", "text": "#e6edf3", "prompt": "#9198a1",
        "1": "#ff8a80", "2": "#4cc764", "3": "#e0ab3a", "6": "#4cc9d6",
    },
}

# What WCAG 2 asks of text at level AA.
LEAST_CONTRAST = 4.5

FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
SIZE = 14
CELL = 8.4
LINE = 20
MARGIN = 16


def picture(title, lines, columns, theme):
    """The picture of `lines` on a terminal of so many columns."""
    colors = THEMES[theme]
    width, height = number(2 * MARGIN + columns * CELL), 2 * MARGIN + len(lines) * LINE
    text = "\n".join(screen.plain(line) for line in lines)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-labelledby="title desc">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">{escape(text)}</desc>',
        f'<rect x="0.5" y="0.5" width="{number(2 * MARGIN + columns * CELL - 1)}" height="{height - 1}" rx="8" '
        f'fill="{colors["paper"]}" stroke="{colors["frame"]}"/>',
        f'<g font-family="{FONTS}" font-size="{SIZE}" fill="{colors["text"]}">',
    ]
    for index, line in enumerate(lines):
        baseline = MARGIN + index * LINE + SIZE
        parts.extend(piece(each, baseline, colors) for each in line)
    return "\n".join(parts + ["</g>", "</svg>"]) + "\n"


def piece(each, baseline, colors):
    style = ""
    if each.style.color:
        style += f' fill="{colors[each.style.color]}"'
    if each.style.bold:
        style += ' font-weight="bold"'
    if each.style.underlined:
        style += ' text-decoration="underline"'
    if screen.script(each.text[0]) == screen.RIGHT_TO_LEFT:
        # Between letters that are joined there must be no gap.
        style += ' lengthAdjust="spacingAndGlyphs"'
    left = number(MARGIN + each.column * CELL)
    if screen.width(each.text[0]) == 2:
        # Fonts hardly ever make these as wide as two others: each is told its own place.
        ends = [screen.width(each.text[:end]) for end in range(len(each.text))]
        left = " ".join(number(MARGIN + (each.column + end) * CELL) for end in ends)
    length = number(each.columns * CELL)
    return f'<text x="{left}" y="{baseline}" textLength="{length}"{style}>{escape(each.text)}</text>'


def number(value):
    return f"{value:.1f}".rstrip("0").rstrip(".")


def check_contrast():
    """Fails if a text can hardly be told from its paper."""
    for theme, colors in THEMES.items():
        for name in colors.keys() - {"paper", "frame"}:
            found = contrast(colors[name], colors["paper"])
            if found < LEAST_CONTRAST:
                raise ValueError(f"{theme}: {name} has a contrast of {found:.2f}, less than {LEAST_CONTRAST}")


def contrast(one, other):
    """The contrast of two colours, from 1 to 21, as WCAG 2 defines it."""
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color):
    def linear(channel):
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(color[at : at + 2], 16)) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
