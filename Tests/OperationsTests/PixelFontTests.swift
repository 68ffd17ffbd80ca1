import Operations
import Raster
import Testing

@Test func `letters look like letters`() {
    #expect(PixelFont.mask(of: "1 µm") == Mask(
        "..#....................",
        ".##....................",
        "..#.........#...#.##.#.",
        "..#.........#...#.#.#.#",
        "..#.........#...#.#.#.#",
        "..#.........#..##.#.#.#",
        ".###........##.#..#.#.#",
        "............#..........",
        "............#.........."))
}

@Test(arguments: [1, 2, 5])
func `a scale makes every dot a square`(scale: Int) {
    for text in ["0123456789", "200 µm", "0.5 mm", "3 km", "", " "] {
        let (small, large) = (PixelFont.mask(of: text), PixelFont.mask(of: text, scale: scale))
        #expect(large.bounds.width == PixelFont.width(of: text, scale: scale) && large.bounds.height == 9 * scale)
        #expect(large.area == small.area * scale * scale)
        for run in small.runs { #expect(large.contains(x: Int(run.first) * scale, y: Int(run.y) * scale) && large.contains(x: Int(run.last) * scale + scale - 1, y: Int(run.y) * scale + scale - 1)) }
    }
}

@Test func `no two digits look alike`() {
    #expect(Set((0...9).map { PixelFont.mask(of: "\($0)") }).count == 10)
}
