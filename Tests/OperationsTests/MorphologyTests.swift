import Operations
import Raster
import Testing

@Test(arguments: [Brush.disk(radius: 0), .disk(radius: 1), .disk(radius: 2), .disk(radius: 7), .rectangle(x: 0, y: 0), .rectangle(x: 2, y: 1),
    .rectangle(x: 0, y: 5), .rectangle(x: 40, y: 40), .disk(radius: 50)])
func `dilation and erosion equal trying every pixel of the brush`(brush: Brush) {
    for mask in drawnMasks() where mask.bounds.area < 2000 {
        let plain = PlainMask(mask)
        func within(_ dx: Int, _ dy: Int) -> Bool {
            switch brush {
            case .disk(let radius): dx * dx + dy * dy <= radius * radius
            case .rectangle(let x, let y): abs(dx) <= x && abs(dy) <= y
            }
        }
        var pixels: [(Int, Int)] = []
        for run in mask.runs { for x in Int(run.first)...Int(run.last) { pixels.append((x, Int(run.y))) } }
        #expect(PlainMask(mask.dilated(brush)) == plain.map { x, y in pixels.contains { within($0.0 - x, $0.1 - y) } })
        var holes: [(Int, Int)] = []
        for run in mask.inverted.runs { for x in Int(run.first)...Int(run.last) { holes.append((x, Int(run.y))) } }
        #expect(PlainMask(mask.eroded(brush)) == plain.map { x, y in !holes.contains { within($0.0 - x, $0.1 - y) } })
    }
}

@Test func `opening drops specks and closing fills gaps`() {
    let mask = Mask(".......", ".#.....", "...###.", "...###.", "...###.", ".......")
    #expect(mask.opened(.rectangle(x: 1, y: 1)) == Mask(".......", ".......", "...###.", "...###.", "...###.", "......."))
    #expect(Mask("#.#.#").closed(.rectangle(x: 1, y: 0)).area == 5)
}
