import Operations
import Raster
import Testing

struct BoxBlurTests {
    @Test(arguments: [1, 4, 30])
    func `means equal OpenCV's and SciPy's`(radius: Int) {
        #expect(FilterFixtures.samples(Pattern.gray8.boxBlurred(radius: radius)) == FilterFixtures.values("box \(radius)"))
    }

    @Test(arguments: [0, 1, 3, 70, 200])
    func `means equal adding up each neighbourhood`(radius: Int) {
        func mirrored(_ place: Int, _ count: Int) -> Int {
            let folded = ((place % (2 * count)) + 2 * count) % (2 * count)
            return min(folded, 2 * count - 1 - folded)
        }
        let image = Pattern.gray16.cropped(to: Rect(x: 3, y: 2, width: 19, height: 7))
        let blurred = image.boxBlurred(radius: radius)
        let area = (2 * radius + 1) * (2 * radius + 1)
        let columns = (0..<19).map { x in (-radius...radius).map { mirrored(x + $0, 19) } }
        for y in 0..<7 {
            let rows = (-radius...radius).map { mirrored(y + $0, 7) }
            let sums = (0..<19).map { x in rows.reduce(0) { $0 + Int(image[x, $1]) } }
            for x in 0..<19 { #expect(Int(blurred[x, y]) == (columns[x].reduce(0) { $0 + sums[$1] } + area / 2) / area) }
        }
    }

    @Test func `colour, empty and single pixels`() {
        #expect(Pattern.color8.boxBlurred(radius: 5).mapped { $0.red } == Pattern.color8.mapped { $0.red }.boxBlurred(radius: 5))
        #expect(Pattern.color16.boxBlurred(radius: 9).mapped { $0.blue } == Pattern.color16.mapped { $0.blue }.boxBlurred(radius: 9))
        #expect(Image<UInt8>(width: 0, height: 0, pixels: []).boxBlurred(radius: 3).isEmpty)
        #expect(Image<UInt8>(width: 1, height: 1, repeating: 255).boxBlurred(radius: 300) == Image(width: 1, height: 1, repeating: 255))
        #expect(Image<UInt16>(width: 2, height: 1, repeating: 65535).boxBlurred(radius: 300) == Image(width: 2, height: 1, repeating: 65535))
    }
}
