# Reads a QR code that was drawn with half blocks back into its text, without
# any QR library: versions 1 to 13, error correction level L, byte mode
# (ISO/IEC 18004). What a camera does, minus the camera: no error correction,
# because a drawing has no errors to be corrected.
# SPDX-License-Identifier: MIT

# Version: (data codewords of each block, error correction codewords a block).
BLOCKS = {1: ([19], 7), 2: ([34], 10), 3: ([55], 15), 4: ([80], 20), 5: ([108], 26),
          6: ([68] * 2, 18), 7: ([78] * 2, 20), 8: ([97] * 2, 24), 9: ([116] * 2, 30),
          10: ([68] * 2 + [69] * 2, 18), 11: ([81] * 4, 20), 12: ([92] * 2 + [93] * 2, 24),
          13: ([107] * 4, 26)}
ALIGNMENT = {1: [], 2: [6, 18], 3: [6, 22], 4: [6, 26], 5: [6, 30], 6: [6, 34],
             7: [6, 22, 38], 8: [6, 24, 42], 9: [6, 26, 46], 10: [6, 28, 50], 11: [6, 30, 54],
             12: [6, 32, 58], 13: [6, 34, 62]}
HALVES = {" ": (0, 0), "\u2580": (1, 0), "\u2584": (0, 1), "\u2588": (1, 1)}
MASKS = [lambda r, c: (r + c) % 2, lambda r, c: r % 2, lambda r, c: c % 3,
         lambda r, c: (r + c) % 3, lambda r, c: (r // 2 + c // 3) % 2,
         lambda r, c: r * c % 2 + r * c % 3, lambda r, c: (r * c % 2 + r * c % 3) % 2,
         lambda r, c: ((r + c) % 2 + r * c % 3) % 2]
FORMAT_MASK = 0b101010000010010
FINDER = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]


class NoCode(Exception):
    pass


def matrix(drawing):
    """The modules (1 is dark) without the light border; light is what is drawn."""
    rows = []
    for line in drawing.strip("\n").split("\n"):
        halves = [HALVES[character] for character in line]
        rows.append([1 - upper for upper, _ in halves])
        rows.append([1 - lower for _, lower in halves])
    if len({len(row) for row in rows}) != 1:
        raise NoCode("the lines differ in length")
    dark = [(r, c) for r, row in enumerate(rows) for c, module in enumerate(row) if module]
    top, left = min(r for r, _ in dark), min(c for _, c in dark)
    size = max(c for _, c in dark) - left + 1
    quiet = min(top, left, len(rows) - top - size, len(rows[0]) - left - size)
    if quiet < 2 or (size - 17) % 4:
        raise NoCode(f"size {size}, border {quiet}")
    return [row[left:left + size] for row in rows[top:top + size]]


def check_finders(code):
    last = len(code) - 7
    for top, left in ((0, 0), (0, last), (last, 0)):
        for r, pattern in enumerate(FINDER):
            if "".join(str(m) for m in code[top + r][left:left + 7]) != pattern:
                raise NoCode("a corner is not what a camera looks for")


def is_function(version, size, r, c):
    """Modules that hold no data: corners, timing, alignment, format and version."""
    if (r < 9 and c < 9) or (r < 9 and c >= size - 8) or (r >= size - 8 and c < 9):
        return True
    if 6 in (r, c):
        return True
    if version > 6 and ((r < 6 and c >= size - 11) or (c < 6 and r >= size - 11)):
        return True
    centres = ALIGNMENT[version]
    for y in centres:
        for x in centres:
            in_corner = (y, x) in ((6, 6), (6, size - 7), (size - 7, 6))
            if not in_corner and abs(r - y) < 3 and abs(c - x) < 3:
                return True
    return False


def format_of(code):
    """(level, mask); level 1 is L."""
    cells = [(8, c) for c in (0, 1, 2, 3, 4, 5, 7, 8)] + [(r, 8) for r in (7, 5, 4, 3, 2, 1, 0)]
    value = 0
    for r, c in cells:
        value = value << 1 | code[r][c]
    value ^= FORMAT_MASK
    return value >> 13, value >> 10 & 7


def codewords(code, version, mask):
    size = len(code)
    bits = []
    column, up = size - 1, True
    while column > 0:
        if column == 6:
            column -= 1
        for r in range(size - 1, -1, -1) if up else range(size):
            for c in (column, column - 1):
                if not is_function(version, size, r, c):
                    bits.append(code[r][c] ^ (MASKS[mask](r, c) == 0))
        column, up = column - 2, not up
    return [int("".join(map(str, bits[i:i + 8])), 2) for i in range(0, len(bits) // 8 * 8, 8)]


def data_of(words, version):
    """Takes the blocks apart that were dealt out in turn."""
    lengths, _ = BLOCKS[version]
    blocks = [[] for _ in lengths]
    dealt = iter(words)
    for i in range(max(lengths)):
        for block, length in zip(blocks, lengths):
            if i < length:
                block.append(next(dealt))
    return [word for block in blocks for word in block]


def read(drawing):
    """The text in the drawing."""
    code = matrix(drawing)
    check_finders(code)
    version = (len(code) - 17) // 4
    level, mask = format_of(code)
    if level != 1:
        raise NoCode(f"level {level}")
    words = codewords(code, version, mask)
    lengths, correction = BLOCKS[version]
    if len(words) != sum(lengths) + correction * len(lengths):
        raise NoCode(f"{len(words)} codewords in version {version}")
    bits = "".join(f"{word:08b}" for word in data_of(words, version))
    if bits[:4] != "0100":
        raise NoCode(f"mode {bits[:4]}")
    width = 8 if version < 10 else 16
    count, start = int(bits[4:4 + width], 2), 4 + width
    data = bits[start:start + 8 * count]
    return bytes(int(data[i:i + 8], 2) for i in range(0, len(data), 8)).decode()
