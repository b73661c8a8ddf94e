"""What a terminal makes of the bytes that are written to it: lines of pieces, each in its place.

Only what keyctl writes is understood: text, the end of a line, bold, underline, and the eight colours
of the palette. Anything else is an error, so that no picture shows what a terminal would not.
"""

import re
import unicodedata
from typing import NamedTuple, Optional

RIGHT_TO_LEFT = "right to left"

SEQUENCE = re.compile(r"\x1b\[([0-9;]*)m")


class Style(NamedTuple):
    """How text looks. The colour is a number of the palette, or `prompt`."""

    color: Optional[str] = None
    bold: bool = False
    underlined: bool = False


class Piece(NamedTuple):
    """Text of one style without a gap in it, the column where it begins, and how many it takes."""

    column: int
    columns: int
    text: str
    style: Style


def typed(command):
    """The line on which somebody has typed `command` to a shell."""
    return [Piece(0, 1, "$", Style("prompt")), Piece(2, width(command), command, Style(bold=True))]


def lines(output, columns):
    """`output` as lines of pieces, on a terminal of so many columns."""
    rows, row, column, style = [], [], 0, Style()
    for token in re.findall(r"\x1b\[[0-9;]*m|\r\n|.", output, re.DOTALL):
        if token == "\r\n":
            rows.append(row)
            row, column = [], 0
        elif sequence := SEQUENCE.fullmatch(token):
            style = styled(style, sequence.group(1))
        elif token < " " or token == "\x7f":
            raise ValueError(f"what is drawn for {token!r}?")
        else:
            wide = width(token)
            if wide == 0 and row:
                row[-1] = row[-1]._replace(text=row[-1].text + token)
                continue
            if column + wide > columns:
                rows.append(row)
                row, column = [], 0
            row.append(Piece(column, wide, token, style))
            column += wide
    if row:
        rows.append(row)
    return [joined(row) for row in rows]


def plain(row):
    """A line as text."""
    text = ""
    for piece in row:
        text += " " * (piece.column - width(text)) + piece.text
    return text


def width(text):
    """The columns that `text` takes."""
    return sum(columns_of(character) for character in text)


def columns_of(character):
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def joined(cells):
    """Cells as pieces: a new one behind two blanks, and where style or width changes."""
    pieces, gap = [], 2
    for cell in cells:
        if cell.text == " " and not cell.style.underlined:
            gap += 1
            continue
        last = pieces[-1] if pieces else None
        if last and gap < 2 and last.style == cell.style and script(last.text[-1]) == script(cell.text[0]):
            pieces[-1] = Piece(
                last.column, cell.column + cell.columns - last.column, last.text + " " * gap + cell.text, cell.style
            )
        else:
            pieces.append(cell)
        gap = 0
    return pieces


def script(character):
    """What must not stand in one piece with another: a font's widths, or the direction, would differ."""
    if unicodedata.bidirectional(character) in ("R", "AL"):
        return RIGHT_TO_LEFT
    return columns_of(character)


def styled(style, codes):
    """`style` after a sequence with these codes."""
    numbers = [int(code or 0) for code in codes.split(";")]
    while numbers:
        number = numbers.pop(0)
        if number == 0:
            style = Style()
        elif number == 1:
            style = style._replace(bold=True)
        elif number == 4:
            style = style._replace(underlined=True)
        elif number == 39:
            style = style._replace(color=None)
        elif number == 38 and numbers[0] == 5 and numbers[1] < 8:
            style = style._replace(color=str(numbers[1]))
            del numbers[:2]
        elif 30 <= number <= 37:
            style = style._replace(color=str(number - 30))
        else:
            raise ValueError(f"what is drawn for the sequence {codes!r}?")
    return style
