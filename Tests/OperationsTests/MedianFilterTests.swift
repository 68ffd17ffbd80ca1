import Operations
import Raster
import Testing

struct MedianFilterTests {
    @Test(arguments: [(1, 1), (2, 2), (2, 0), (3, 3), (0, 4), (7, 2), (12, 12), (70, 60)])
    func `medians equal SciPy's`(radiusX: Int, radiusY: Int) {
        let narrow = Pattern.gray8.medianFiltered(radiusX: radiusX, radiusY: radiusY)
        #expect(FilterFixtures.samples(narrow) == FilterFixtures.values("median \(radiusX) \(radiusY)"))
        let wide = Pattern.gray16.medianFiltered(radiusX: radiusX, radiusY: radiusY)
        #expect(FilterFixtures.samples(wide) == FilterFixtures.values("median16 \(radiusX) \(radiusY)"))
    }

    @Test(arguments: [(1, 2), (2, 1), (3, 4), (6, 6), (130, 1), (2, 150)])
    func `medians equal sorting each neighbourhood`(radiusX: Int, radiusY: Int) {
        var random = Random(seed: 4)
        // Wider than a strip of columns of sixteen bits.
        let (w, h) = (radiusX > 100 ? 301 : 150, 9)
        let image = Image<UInt16>(width: w, height: h, pixels: (0..<(w * h)).map { _ in UInt16.random(in: 0...65535, using: &random) })
        func mirrored(_ place: Int, _ count: Int) -> Int {
            let folded = ((place % (2 * count)) + 2 * count) % (2 * count)
            return min(folded, 2 * count - 1 - folded)
        }
        let wide = image.medianFiltered(radiusX: radiusX, radiusY: radiusY)
        let narrow = image.mapped { UInt8($0 >> 8) }.medianFiltered(radiusX: radiusX, radiusY: radiusY)
        for y in stride(from: 0, to: h, by: 2) {
            for x in stride(from: 0, to: w, by: 7) {
                var levels: [UInt16] = []
                for v in -radiusY...radiusY { for u in -radiusX...radiusX { levels.append(image[mirrored(x + u, w), mirrored(y + v, h)]) } }
                levels.sort()
                #expect(wide[x, y] == levels[levels.count / 2])
                // The higher byte of the middle number is the middle one of the higher bytes.
                #expect(narrow[x, y] == UInt8(levels[levels.count / 2] >> 8))
            }
        }
    }

    @Test func `more than 65,535 pixels around each`() {
        let image = Pattern.gray8.medianFiltered(radius: 140)
        // The mirrored picture repeats, so a whole number of repeats around every pixel gives one level nearly everywhere.
        let levels = Pattern.gray8.histogram()
        #expect(abs(Double(image[30, 20]) - (levels.quantile(0.5) ?? 0)) <= 6)
        #expect(Pattern.gray16.medianFiltered(radius: 140).mapped { UInt8($0 >> 8) } == image)
    }

    @Test func `no radius, single pixels, empty images and colour`() {
        #expect(Pattern.gray8.medianFiltered(radius: 0) == Pattern.gray8)
        #expect(Image<UInt16>(width: 1, height: 1, repeating: 7).medianFiltered(radius: 40) == Image(width: 1, height: 1, repeating: 7))
        #expect(Image<UInt8>(width: 5, height: 0, pixels: []).medianFiltered(radius: 2).width == 5)
        guard case .color8(let narrow) = AnyImage.color8(Pattern.color8).medianFiltered(radius: 4) else { Issue.record("the picture changed its kind"); return }
        #expect(narrow.mapped { $0.red } == Pattern.color8.mapped { $0.red }.medianFiltered(radius: 4))
        guard case .color16(let wide) = AnyImage.color16(Pattern.color16).medianFiltered(radius: 1) else { Issue.record("the picture changed its kind"); return }
        #expect(wide.mapped { $0.blue } == Pattern.color16.mapped { $0.blue }.medianFiltered(radius: 1))
    }
}
