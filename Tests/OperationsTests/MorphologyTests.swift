import Operations
import Raster
import Testing

@Test(arguments: [Brush.disk(radius: 0), .disk(radius: 1), .disk(radius: 2), .disk(radius: 7), .disk(radius: 13), .disk(radius: 66), .rectangle(x: 0, y: 0), .rectangle(x: 2, y: 1),
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

@Test func `disks of every radius equal the distance to the foreground`() {
    // Where the ways to compute them change, and farther than the frame.
    let mask = drawnMasks(seed: 12)[9].clipped(to: Rect(x: -300, y: -280, width: 700, height: 640))
    let ground = mask.inverted.squaredDistances(outsideIsBackground: false)
    let inner = mask.squaredDistances(outsideIsBackground: false)
    for radius in [20, 23, 24, 25, 47, 48, 49, 60, 130, 253, 254, 255, 300, 5000, 40_000, 70_000, Int(Int32.max)] {
        let limit = Int32(clamping: radius.multipliedReportingOverflow(by: radius).partialValue)
        func pixels(_ image: Image<Int32>, _ keep: (Int32) -> Bool) -> PlainMask {
            PlainMask(width: image.width, height: image.height).map { keep(image[$0, $1]) }
        }
        #expect(PlainMask(mask.dilated(.disk(radius: radius))) == pixels(ground) { $0 <= limit }, "\(radius)")
        #expect(PlainMask(mask.eroded(.disk(radius: radius))) == pixels(inner) { $0 > limit }, "\(radius)")
        #expect(PlainMask(mask.inverted.eroded(.disk(radius: radius))) == pixels(ground) { $0 > limit }, "\(radius)")
    }
}

@Test func `opening and closing change nothing the second time`() {
    for mask in drawnMasks(seed: 2) {
        for brush in [Brush.disk(radius: 1), .disk(radius: 3), .rectangle(x: 2, y: 1)] {
            let (opened, closed) = (mask.opened(brush), mask.closed(brush))
            #expect(opened.opened(brush) == opened && opened.subtracting(mask).isEmpty)
            #expect(closed.closed(brush) == closed && mask.subtracting(closed).isEmpty)
        }
    }
}

@Test func `opening drops specks and closing fills gaps`() {
    let mask = Mask(".......", ".#.....", "...###.", "...###.", "...###.", ".......")
    #expect(mask.opened(.rectangle(x: 1, y: 1)) == Mask(".......", ".......", "...###.", "...###.", "...###.", "......."))
    #expect(Mask("#.#.#").closed(.rectangle(x: 1, y: 0)).area == 5)
}
