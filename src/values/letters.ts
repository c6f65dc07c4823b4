// Letters, for regular expressions of the engine. In ranges, since the engine takes 5 ms to prepare \pL, wherever it stands.

/** Letters, marks and digits of all scripts beyond ASCII, as part of a class. */
export const lettersAbroad =
  "\\x{c0}-\\x{d6}\\x{d8}-\\x{f6}\\x{f8}-\\x{61b}\\x{61d}-\\x{167f}\\x{1681}-\\x{180d}\\x{180f}-\\x{1fff}\\x{2c00}-\\x{2dff}\\x{3005}-\\x{d7ff}\\x{f900}-\\x{fdcf}\\x{fdf0}-\\x{fdff}\\x{fe70}-\\x{fefe}\\x{ff21}-\\x{ff3a}\\x{ff41}-\\x{ff5a}\\x{ff66}-\\x{ffdc}\\x{20000}-\\x{3ffff}";
