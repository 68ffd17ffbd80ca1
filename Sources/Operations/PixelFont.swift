import Raster

/// Letters of 5 × 7 pixels, two rows below the line for tails: what the labels of scale bars are written with, so that a picture is the same
/// on every machine.
public enum PixelFont {
    /// Of a line, from the top of a digit to the end of a tail, in font pixels.
    public static let height = 9
    /// From the top of a digit to the line it stands on.
    public static let ascent = 7
    private static let advance = 6

    /// The text as foreground, its left upper corner at (0, 0).
    ///
    /// - Parameter scale: pixels for one font pixel.
    /// - Precondition: only digits, point, space and the letters of m, µm, mm, km.
    public static func mask(of text: String, scale: Int = 1) -> Mask {
        precondition(scale > 0, "a font cannot be \(scale) times its size")
        var runs: [Run] = []
        for (index, character) in text.enumerated() {
            guard let rows = glyphs[character] else { preconditionFailure("the font has no “\(character)”") }
            for (y, row) in rows.enumerated() {
                for (x, dot) in row.utf8.enumerated() where dot == UInt8(ascii: "#") {
                    let left = (index * advance + x) * scale
                    for line in 0..<scale { runs.append(Run(y: y * scale + line, first: left, last: left + scale - 1)) }
                }
            }
        }
        return Mask(bounds: Rect(x: 0, y: 0, width: width(of: text, scale: scale), height: height * scale), joining: runs)
    }

    /// Without the gap after the last letter.
    public static func width(of text: String, scale: Int = 1) -> Int { max(0, text.count * advance - 1) * scale }

    private static let glyphs: [Character: [String]] = [
        " ": [],
        ".": ["", "", "", "", "", ".##..", ".##.."],
        "0": [".###.", "#...#", "#..##", "#.#.#", "##..#", "#...#", ".###."],
        "1": ["..#..", ".##..", "..#..", "..#..", "..#..", "..#..", ".###."],
        "2": [".###.", "#...#", "....#", "...#.", "..#..", ".#...", "#####"],
        "3": ["#####", "...#.", "..#..", "...#.", "....#", "#...#", ".###."],
        "4": ["...#.", "..##.", ".#.#.", "#..#.", "#####", "...#.", "...#."],
        "5": ["#####", "#....", "####.", "....#", "....#", "#...#", ".###."],
        "6": ["..##.", ".#...", "#....", "####.", "#...#", "#...#", ".###."],
        "7": ["#####", "....#", "...#.", "..#..", ".#...", ".#...", ".#..."],
        "8": [".###.", "#...#", "#...#", ".###.", "#...#", "#...#", ".###."],
        "9": [".###.", "#...#", "#...#", ".####", "....#", "...#.", ".##.."],
        "m": ["", "", "##.#.", "#.#.#", "#.#.#", "#.#.#", "#.#.#"],
        "µ": ["", "", "#...#", "#...#", "#...#", "#..##", "##.#.", "#....", "#...."],
        "k": ["#....", "#....", "#..#.", "#.#..", "##...", "#.#..", "#..#."],
    ]
}
